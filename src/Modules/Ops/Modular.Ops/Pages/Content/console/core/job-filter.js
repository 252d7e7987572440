import { states } from '../parts/state.js';

/** @typedef {{state: string[], type?: string, queue?: string, tag?: string, createdAfter?: string, createdBefore?: string}} JobFilter */

const names = ['type', 'queue', 'tag', 'createdAfter', 'createdBefore'];
const id = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** @returns {JobFilter} */
export function readFilter(query) {
  const filter = { state: query.getAll('state').filter((state) => states.includes(state)) };
  for (const name of names) if (query.get(name)) filter[name] = query.get(name);
  return filter;
}

export const isEmpty = (filter) => filter.state.length === 0 && names.every((name) => !filter[name]);

/** The filter as the API's bulk route takes it. */
export const toBody = (filter) => Object.fromEntries(Object.entries(filter).filter(([, value]) => value?.length > 0));

/**
 * What somebody typed: a job's id, words of the form name:value, a state, a queue or a type that exists; any other word is a tag.
 * @param {string} text
 * @param {{types: string[], queues: string[]}} known
 * @returns {{id: string} | {changes: object}}
 */
export function readSearch(text, known) {
  const changes = {};
  for (const word of text.trim().split(/\s+/).filter(Boolean)) {
    if (id.test(word)) return { id: word.toLowerCase() };
    const [name, value] = word.includes(':') ? [word.slice(0, word.indexOf(':')), word.slice(word.indexOf(':') + 1)] : [nameOf(word, known), word];
    if (name === 'state') changes.state = [...(changes.state ?? []), value];
    else changes[names.includes(name) ? name : 'tag'] = names.includes(name) ? value : word;
  }
  return { changes };
}

function nameOf(word, { types, queues }) {
  if (states.includes(word)) return 'state';
  if (types.includes(word)) return 'type';
  return queues.includes(word) ? 'queue' : 'tag';
}
