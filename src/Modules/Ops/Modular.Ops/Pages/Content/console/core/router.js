import { createStore } from './store.js';

/** @typedef {{path: string, parts: string[], query: URLSearchParams}} Route */

const read = () => {
  const [path, query = ''] = (location.hash.slice(1) || '/').split('?', 2);
  return { path, parts: path.split('/').filter(Boolean).map(decodeURIComponent), query: new URLSearchParams(query) };
};

/** Where the operator is: the address behind the #, since the server knows one page. */
export const route = createStore(read());

addEventListener('hashchange', () => route.set(read()));

export const go = (path) => {
  location.hash = path;
};

/** Changes the query without a step in the history: filters are no pages. */
export function setQuery(changes) {
  const { path, query } = route.get();
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    next.delete(name);
    for (const one of [value].flat()) if (one) next.append(name, one);
  }
  const text = next.toString();
  history.replaceState(null, '', `#${path}${text && `?${text}`}`);
  route.set(read());
}
