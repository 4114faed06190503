// The names of all strange things that generate.js counts. A run must have met each of them; the list is
// written out so that one which can no longer occur is noticed.

'use strict'

// one a line, as they are spelled in the generator and its tables
const FEATURE_NAMES = `
.sig alone
Cookie header changed
Set-Cookie before: array
Set-Cookie before: array with a number
Set-Cookie before: array with odd items
Set-Cookie before: array with the name
Set-Cookie before: empty array
Set-Cookie before: empty string
Set-Cookie before: frozen array
Set-Cookie before: number
Set-Cookie before: proxy
Set-Cookie before: string
Set-Cookie before: string with the name
_ctx changed
accessor on the session
actions after the answer
answer end
answer flush
answer nothing
answer several
answer write
answer writeHead
assign array
assign boxed
assign class instance
assign function
assign getter
assign hidden
assign inherited
assign null
assign null prototype
assign object
assign odd keys
assign primitive
assign the session
assign undefined
assign {}
base64 inner padding
base64 junk
base64 last bits
base64 overpadded
base64 spaced
base64 trailing
base64 truncated
base64 unpadded
base64 urlsafe
big cookie
called with frozen request
called with next throws
called with no next
called with no response
called with sealed session
called with session there
clock moves
cookie of the exchange before
cookie twice
debug lines
deep nesting
disturbed JSON
domain empty
domain given
domain invalid
domain not a string
domain null
domain with semicolon
empty value
encrypted socket
equals in the cookie
expires a number
expires a string
expires before Christ
expires far year
expires given
expires invalid date
expires null
expires past
expires with toUTCString
flushHeaders
headers sent before
http2 with res.set
httpOnly empty
httpOnly false
httpOnly null
httpOnly true
invalid UTF-8
json array
json big integer
json bom
json broken
json duplicate keys
json empty object
json escaped slash
json escapes
json integer keys
json line separator
json literal
json lone surrogate
json minus zero
json number
json number form
json prototype names
json session names
json string
json trailing nul
json whitespace
key ArrayBuffer
key Buffer
key DataView
key Float64Array
key KeyObject
key Uint16Array
key Uint8Array
key bad
key odd text
key subarray
keygrip SHA256
keygrip encoding base64
keygrip encoding base64url
keygrip encoding hex
keygrip encoding latin1
keygrip encoding nonsense
keygrip md5
keygrip nonsense
keygrip own
keygrip plain
keygrip sha1
keygrip sha256
keygrip sha384
keygrip sha512
keys changed: empty
keys changed: fill
keys changed: pop
keys changed: push
keys changed: reverse
keys changed: set
keys changed: shift
keys changed: unshift
keys replaced later
keys sign and index of their own
keys: bad among good
keys: both
keys: bytes
keys: empty
keys: frozen
keys: holes
keys: inherited index
keys: keygrip
keys: none
keys: not keys
keys: odd secret
keys: proxy
keys: signer
keys: undefined first
latin-1 in the cookie
line separator in the cookie
listener after: cookie
listener after: look
listener after: options
listener after: set
listener after: status
listener after: unset
listener early: cookie
listener early: look
listener early: options
listener early: set
listener early: status
listener early: unset
maxAge Infinity
maxAge NaN
maxAge a string
maxAge and expires
maxAge and maxage
maxAge bigint
maxAge empty string
maxAge false
maxAge fraction
maxAge given
maxAge huge
maxAge negative
maxAge null
maxAge object
maxAge true
maxAge undefined
maxAge zero
maxage a string
maxage given
maxage undefined
maxage zero
middleware again
name __proto__
name a list
name a number
name alone
name an object
name boxed
name changed later
name empty
name ends in .sig
name false
name latin
name long
name null
name slash
name symbol
name toString
name true
name undefined
name wide
name with equals
name with newline
name with quotes
name with regexp characters
name with semicolon
name with space
name zero
near-match name
nested property
newline in the cookie
no cookie header
no keys, not signed
no keys, signed later
no signature
no socket
odd contents
odd property name
odd separator
option constructor
option hasOwnProperty
option toHeader
option toString
options accessor
options changed live
options frozen
options frozen and complete
options getter
options hidden
options missing or no object
options on the prototype
options own __proto__
order sig first
order sig only
overwrite false
overwrite null
overwrite truthy
overwrite zero
partitioned false
partitioned true
partitioned truthy
path empty
path false
path given
path invalid
path latin
path not a string
path null
path undefined
path with semicolon
priority empty
priority given
priority invalid
priority not a string
priority upper case
property __proto__
property _ctx
property constructor
property defined
property isNew
property toJSON
property toString
protocol changed
prototype changed
prototype polluted: Array
prototype polluted: BigInt
prototype polluted: Number
prototype polluted: Object
prototype polluted: Session
prototype polluted: String
quoted signature
quoted value (both)
quoted value (open)
quotes in the cookie
read class
read copy
read flags
read full
read get
read in
read isChanged
read isNew
read isPopulated
read json
read keys
read print
read same
read touch
recipe: attributes changed between exchanges
recipe: bad attribute
recipe: cannot be serialized
recipe: counted calls
recipe: fails after the array was changed
recipe: keys changed between
recipe: lookalike name
recipe: no object in the cookie
recipe: over http2
recipe: read only after the headers
recipe: renamed
recipe: secure or not
recipe: serialized as undefined
recipe: signed without keys
recipe: signs what no cookie can hold
recipe: spelled otherwise
req.protocol http
req.protocol https
request copied
request of the exchange before
res.set not callable
res.set own
res.set proto
response foreign
response http2
sameSite empty
sameSite false
sameSite given
sameSite invalid
sameSite not a string
sameSite true
sameSite upper case
second instance
secret
secure and secureProxy
secure false
secure null
secure true
secure truthy
secure undefined
secure zero
secureProxy false
secureProxy true
secureProxy undefined
semicolons in the cookie
session guarded
session redefined
session through bound proxy
session through inherit
session through proxy
session through several layers
sessionOptions changed
sessionOptions deleted
sessionOptions frozen
sessionOptions replaced
sessionOptions set
set on a session held
set to an equal value
setHeader watched
several ends
several exchanges
several keys
signature of another name
signature tampered: case
signature tampered: empty
signature tampered: extend
signature tampered: first
signature tampered: flip
signature tampered: latin
signature tampered: pad
signature tampered: space
signature tampered: standard
signature tampered: truncate
signature tampered: wide
signed empty
signed false
signed null
signed true
signed truthy
signed undefined
signed with a foreign key
signed with a later key
signed with the first key
signed zero
signer sign throws
signer without index
signer without sign
space in the cookie
symbol key
tab in the cookie
toJSON on the session
too deep nesting
unknown option
untouched session
value Infinity
value NaN
value array with holes
value big string
value bigint
value boxed
value buffer
value bytes
value circular
value class instance
value date
value deep value
value error
value frozen value
value function
value getter
value hidden property
value inherited keys
value is no base64 of JSON
value map
value minus zero
value null prototype
value odd inside object
value option
value option empty
value option invalid
value option not a string
value own __proto__
value proxy
value regexp
value rope
value set
value shared value
value symbol
value tampered
value toJSON
value too deep value
value undefined
value url
wholly ordinary
wide characters in the cookie
write
writeContinue
writeEarlyHints
writeHead 2-D array
writeHead fails
writeHead flat array
writeHead null reason
writeHead object
writeHead reason
writeHead reason and flat array
writeHead reason and object
writeHead status
writeHead string status
writeHead undefined reason
writeHead with Set-Cookie
writeHead without arguments
writeProcessing
`
  .trim()
  .split('\n')

module.exports = { FEATURE_NAMES }
