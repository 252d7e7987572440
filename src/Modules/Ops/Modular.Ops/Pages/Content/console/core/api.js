/** The root of the public API; the console uses nothing else. */
export const root = '/api/v1';

/** A refusal or a fault, as the API words it (RFC 9457); status 0: no answer came. */
export class Problem extends Error {
  constructor({ status, title, detail, errors, retryAfter, body }) {
    super(detail ?? title);
    this.status = status;
    this.title = title;
    /** @type {Record<string, string[]>} by field */
    this.errors = errors ?? {};
    /** Seconds until another try makes sense; undefined when nobody said. */
    this.retryAfter = retryAfter;
    /** The answer's JSON: health tells its parts also when it is bad. */
    this.body = body;
  }
}

const onSignedOut = new Set();

/** Calls back whenever an answer says that nobody is signed in (any more). */
export function whenSignedOut(callback) {
  onSignedOut.add(callback);
}

let remaining = Infinity;

/** How long a live page waits between two loads, in ms: the less the server still allows this minute, the longer. */
export function pace() {
  if (remaining > 60) return 2_000;
  return remaining > 30 ? 5_000 : 15_000;
}

/**
 * @param {string} method
 * @param {string} path below the API's root, escaped
 * @param {{query?: object, body?: unknown, signal?: AbortSignal, headers?: object}} [options] empty query members are left out, arrays repeat
 * @returns {Promise<any>} the JSON of the answer, null when it has none
 * @throws {Problem}
 */
export async function call(method, path, { query, body, signal, headers } = {}) {
  let response;
  try {
    response = await fetch(root + path + search(query), {
      method,
      signal,
      headers: { Accept: 'application/json', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (fault) {
    if (fault.name === 'AbortError') throw fault;
    throw noAnswer();
  }

  noteAllowance(response.headers.get('RateLimit'));
  if (response.ok) return response.status === 204 ? null : response.json();
  throw await problemOf(response);
}

export const get = (path, query, signal) => call('GET', path, { query, signal });
export const post = (path, body) => call('POST', path, { body });
export const put = (path, body) => call('PUT', path, { body });
export const remove = (path) => call('DELETE', path);

/** @param {object} [query] */
export function search(query) {
  const members = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== '') members.append(name, one);
    }
  }
  const text = members.toString();
  return text && `?${text}`;
}

/** A key with its slashes kept and everything else escaped. */
export const keyPath = (key) => key.split('/').map(encodeURIComponent).join('/');

export const noAnswer = () => new Problem({
  status: 0, title: 'No answer', detail: 'The server does not answer. It may be restarting: this page goes on by itself when it is back.',
});

/** @param {{status: number, text: string, retryAfter: string | null}} answer */
export function toProblem({ status, text, retryAfter }) {
  let told = {};
  try {
    told = JSON.parse(text);
  } catch {
    // A proxy's page, not ours.
  }
  if (status === 401) onSignedOut.forEach((callback) => callback());
  return new Problem({
    status,
    title: told.title ?? `Status ${status}`,
    detail: told.detail,
    errors: told.errors,
    retryAfter: retryAfter ? Number(retryAfter) : undefined,
    body: told,
  });
}

const problemOf = async (response) =>
  toProblem({ status: response.status, text: await response.text(), retryAfter: response.headers.get('Retry-After') });

function noteAllowance(header) {
  const match = /r=(\d+)/.exec(header ?? '');
  remaining = match ? Number(match[1]) : Infinity;
}
