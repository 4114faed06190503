// The HTML of the example. Everything shown may come from a stranger (a name, a cookie, a URL), so no
// text reaches the page but through the html`` tag below, which escapes it.
//
// The page prints the visitor's own cookie back. That is the point of this example, and nothing to
// copy: httpOnly is there to keep the cookie from whatever runs in the page.

/** A piece of HTML that is escaped already. */
class Markup {
  constructor(text) {
    this.text = text
  }

  toString() {
    return this.text
  }
}

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Escapes every ${value} but those made by html`` itself. Lists are joined; null and false are left out. */
export function html(strings, ...values) {
  return new Markup(String.raw({ raw: strings }, ...values.map(render)))
}

function render(value) {
  if (value instanceof Markup) return value.text
  if (Array.isArray(value)) return value.map(render).join('')
  if (value === undefined || value === null || value === false) return ''
  // A session may hold anything that JSON can say, also where this page expects a name.
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character])
}

export function homePage(view) {
  const { received, before, after, json, sent } = view
  return layout(
    'The session is the cookie',
    html`
    <header>
      <p class="eyebrow">cookie-session-native <span class="tag">engine: ${view.engine}</span></p>
      <h1>The session is the cookie</h1>
      <p class="lead">
        The server stores nothing. What it knows of this visit came in with the request, in a signed
        cookie, and goes back out with the response.
      </p>
    </header>

    <main>
      ${refusal(received)}
      ${visit(view)}

      <section aria-labelledby="received">
        <h2 id="received">The cookie that came in</h2>
        ${received.value ? receivedPair(received) : nothingReceived}
      </section>

      ${received.value && signatureSection(received)}

      <section aria-labelledby="flags">
        <h2 id="flags">Its flags</h2>
        <p>Before and after this view was counted:</p>
        <div class="scroll" role="region" aria-labelledby="flags" tabindex="0">
          <table>
            <thead>
              <tr>
                <th scope="col">Flag</th>
                <th scope="col">Before</th>
                <th scope="col">After</th>
                <th scope="col">Meaning</th>
              </tr>
            </thead>
            <tbody>
              ${flag('isNew', before, after, 'No valid cookie came in.')}
              ${flag('isChanged', before, after, 'It is new, or not what the cookie said.')}
              ${flag('isPopulated', before, after, 'It holds something.')}
            </tbody>
          </table>
        </div>
        <p>A cookie is sent only for a session that has changed, and for a new one only once it is populated.</p>
      </section>

      <section aria-labelledby="sent">
        <h2 id="sent">The cookie that goes back</h2>
        ${sent.length > 0 ? sentPair(sent, json) : nothingSent(view.production)}
      </section>

      <section aria-labelledby="try">
        <h2 id="try">Things to try</h2>
        <ul>
          <li>Reload, and see the count in the cookie go up. Then restart the server with the same keys: it goes on.</li>
          <li>Change one character of the <code>session</code> cookie in the browser’s developer tools, and reload.</li>
          <li>
            Forge one:
            <code class="command">curl -b 'session=eyJ2aWV3cyI6OTk5fQ==; session.sig=guess' ${view.origin}/</code>
          </li>
          <li>
            Rotate the keys: start with <code>SESSION_SECRET_KEYS=old</code>, visit, start again with
            <code>SESSION_SECRET_KEYS=new,old</code>, and reload.
          </li>
          <li><a href="/options">Switch options on</a>, and see how the cookie changes.</li>
        </ul>
      </section>
    </main>

    <footer>
      <p>
        Signed is not secret: anyone who holds the cookie can read it. Nor can the server take a cookie
        back: logging out asks the browser to forget it, and a copy stays valid for as long as its key does.
      </p>
    </footer>`
  )
}

/** What options make of a cookie: see options.mjs. */
export function optionsPage({ chosen, switches, refused, received, json, sent, lost }) {
  return layout(
    'Options',
    html`
    <header>
      <p class="eyebrow">cookie-session-native</p>
      <h1>What options make of a cookie</h1>
      <p class="lead">A second session, in the cookie <code>lab</code>, with the options that you choose.</p>
    </header>

    <main>
      <section aria-labelledby="choose">
        <h2 id="choose">Choose</h2>
        <form method="get" action="/options">
          <ul>
            ${Object.entries(switches).map(
              ([name, { effect }]) => html`<li>
              <label><input type="checkbox" name="${name}" value="on" ${chosen.includes(name) && 'checked'}> <code>${name}</code></label>
              ${effect}
            </li>
            `
            )}
          </ul>
          <p class="actions"><button>Switch, and view</button> <a class="button quiet" href="/">Back</a></p>
        </form>
      </section>

      ${refused && html`<div class="notice" role="status"><strong>These do not go together.</strong> ${refused}</div>`}
      ${lost && html`<div class="notice" role="status"><strong>The session was not saved.</strong> ${lost}</div>`}
      ${!refused && labSection({ received, json, sent })}
    </main>`
  )
}

function labSection({ received, json, sent }) {
  const verdict = received.isOpened ? 'opened' : 'refused: the request has a new session'
  return html`<section aria-labelledby="lab">
        <h2 id="lab">The cookie</h2>
        <div class="pair">
          <figure>
            <figcaption>Came in${received.value && `, and was ${verdict}`}</figcaption>
            <pre class="raw"><code>${received.value ?? '(none)'}</code></pre>
          </figure>
          <figure>
            <figcaption>Goes back</figcaption>
            ${sent.length > 0 ? sent.map((line) => html`<pre><code>${line}</code></pre>`) : html`<pre><code>(none)</code></pre>`}
          </figure>
        </div>
        <p>It holds:</p>
        <pre><code>${json}</code></pre>
      </section>`
}

export function errorPage({ status, title, detail, stack }) {
  return layout(
    `${status} ${title}`,
    html`
    <main>
      <p class="eyebrow">cookie-session-native</p>
      <h1>${status} ${title}</h1>
      <p class="lead">${detail}</p>
      ${stack && html`<pre><code>${stack}</code></pre>`}
      <p><a class="button" href="/">Back to the session</a></p>
    </main>`
  )
}

function layout(title, body) {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${title}</title>
    <link rel="stylesheet" href="/style.css">
  </head>
  <body>${body}
  </body>
</html>
`.toString()
}

function visit({ views, user, loggedInAt }) {
  return html`<section class="visit" aria-labelledby="visit">
        <h2 id="visit" class="count">
          <strong>${views}</strong> <span>${views === 1 ? 'view' : 'views'} <br>in this session</span>
        </h2>
        ${
          user
            ? html`<form method="post" action="/logout">
          <p>Logged in as <b><bdi>${user}</bdi></b> since ${time(loggedInAt)}.</p>
          <p class="actions"><button>Log out</button> <a class="button quiet" href="/">View again</a></p>
        </form>`
            : html`<form method="post" action="/login">
          <p><label for="name">Nobody is logged in. Your name:</label></p>
          <p class="actions">
            <input id="name" name="name" maxlength="64" placeholder="guest" autocomplete="off">
            <button>Log in</button>
            <a class="button quiet" href="/">View again</a>
          </p>
        </form>`
        }
      </section>`
}

const REFUSALS = {
  unsigned: 'No signature came with it (the session.sig cookie is missing).',
  forged:
    'Its signature fits none of the keys: the cookie was tampered with, or its key is no longer in use.',
  unreadable: 'It is signed by a known key, but does not decode to JSON.'
}

function refusal({ verdict }) {
  const reason = REFUSALS[verdict]
  return (
    reason &&
    html`<div class="notice" role="status">
        <strong>The cookie was refused.</strong> ${reason} That is no error: the request simply has a new, empty session.
      </div>`
  )
}

const nothingReceived = html`<p>
          None: this is a first visit, or the session has ended. <a href="/">View again</a> to see the
          cookie of this response come back.
        </p>`

function receivedPair({ verdict, value, text }) {
  // Only what the server has signed is laid out again: a stranger's JSON could be nested thousands deep.
  const valid = verdict === 'valid'
  const shown = valid ? JSON.stringify(JSON.parse(text), null, 2) : printable(text)
  return html`<div class="pair">
          <figure>
            <figcaption>Raw: <code>session</code> in the <code>Cookie</code> header, ${value.length} bytes</figcaption>
            <pre class="raw"><code>${value}</code></pre>
          </figure>
          <figure>
            <figcaption>${valid ? 'Decoded: base64, then JSON' : 'What it claims to hold (not trusted, not used)'}</figcaption>
            <pre><code>${shown}</code></pre>
          </figure>
        </div>`
}

function signatureSection({ verdict, value, signature, key }) {
  const signed = key >= 0
  return html`<section aria-labelledby="signature">
        <h2 id="signature">Its signature <span class="tag ${signed ? 'good' : 'bad'}">${signed ? '✓ verified' : '✗ not verified'}</span></h2>
        <div class="pair">
          <figure>
            <figcaption>Raw: <code>session.sig</code> in the <code>Cookie</code> header</figcaption>
            <pre class="raw"><code>${signature || '(none)'}</code></pre>
          </figure>
          <figure>
            <figcaption>What it has to cover: the name and the value, as text</figcaption>
            <pre class="raw"><code>session=${value}</code></pre>
          </figure>
        </div>
        <p>
          A signature is the HMAC-SHA1 of that text with a secret key, in URL-safe base64.
          ${signed && key === 0 && 'This one was made with the first key, the one that signs new cookies.'}
          ${key > 0 && `This one was made with an older key (number ${key + 1}). It still counts, and the response is signed with the first key.`}
          ${verdict === 'forged' && 'None of the server’s keys gives this one.'}
        </p>
      </section>`
}

function flag(name, before, after, meaning) {
  return html`<tr>
                <th scope="row"><code>${name}</code></th>
                <td class="${before[name] ? 'yes' : 'no'}">${String(before[name])}</td>
                <td class="${after[name] ? 'yes' : 'no'}">${String(after[name])}</td>
                <td>${meaning}</td>
              </tr>
              `
}

function sentPair(sent, json) {
  return html`<div class="pair">
          <figure>
            <figcaption>Raw: the <code>Set-Cookie</code> headers of this response</figcaption>
            ${sent.map((line) => html`<pre><code>${line}</code></pre>`)}
          </figure>
          <figure>
            <figcaption>What is in it: <code>req.session</code> after the view was counted</figcaption>
            <pre><code>${json}</code></pre>
          </figure>
        </div>
        <dl>
          <div><dt><code>expires</code></dt><dd>The browser forgets it then: <code>maxAge</code>, 24 hours, from now.</dd></div>
          <div><dt><code>samesite=lax</code></dt><dd>Other sites’ forms and scripts do not send it; following a link does.</dd></div>
          <div><dt><code>httponly</code></dt><dd>Scripts in a page cannot read it.</dd></div>
          <div><dt><code>secure</code></dt><dd>In production only: it goes over https and nothing else.</dd></div>
        </dl>`
}

function nothingSent(production) {
  return html`<p>
          None, so this session is lost.
          ${production && 'In production the cookie is secure, and this request came over plain http: put a proxy in front that ends TLS and sets X-Forwarded-Proto: https.'}
        </p>`
}

function time(value) {
  const date = new Date(typeof value === 'string' ? value : Number.NaN)
  if (Number.isNaN(date.getTime())) return 'an unknown time'
  return html`<time datetime="${date.toISOString()}">${date.toUTCString()}</time>`
}

/** Decoded base64 can be any bytes: control characters other than line breaks and tabs are made visible. */
function printable(text) {
  return text.replace(/[^\P{Cc}\n\t]/gu, '\ufffd')
}
