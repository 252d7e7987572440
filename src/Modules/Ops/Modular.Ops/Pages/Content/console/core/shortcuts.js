import { useLayoutEffect, useRef } from './html.js';

const bound = new Map();
let prefix = '';
let prefixTimer;

/** Every shortcut, for the sheet: [keys, what they do]. */
export const sheet = [
  ['/', 'Search'],
  ['g o', 'Overview'],
  ['g j', 'Jobs'],
  ['g q', 'Queues'],
  ['g b', 'Objects'],
  ['g k', 'Keys'],
  ['g a', 'Audit'],
  ['n', 'New job'],
  ['j', 'Next row'],
  ['k', 'Previous row'],
  ['Enter', 'Open the row'],
  ['c', 'Cancel the job, or all that are listed'],
  ['r', 'Retry the job, or all that are listed'],
  [']', 'Older page'],
  ['[', 'Newest page'],
  ['t', 'Light, dark or as the system'],
  ['?', 'This sheet'],
  ['Esc', 'Close, or leave a field'],
];

/**
 * Binds keys while the component is there; a later one wins.
 * @param {Record<string, () => void>} bindings by key, or by two keys with a space between
 */
export function useShortcuts(bindings) {
  const latest = useRef(bindings);
  latest.current = bindings;
  const names = Object.keys(bindings).join('\n');
  // As soon as the page is there: somebody may press a key that very moment.
  useLayoutEffect(() => {
    const own = names.split('\n').filter(Boolean).map((keys) => [keys, () => latest.current[keys]?.()]);
    own.forEach(([keys, action]) => bound.set(keys, [...(bound.get(keys) ?? []), action]));
    return () => own.forEach(([keys, action]) => bound.set(keys, bound.get(keys).filter((other) => other !== action)));
  }, [names]);
}

const isTyping = (element) => element.closest('input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]');

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.key === 'Escape' && isTyping(event.target)) {
    event.target.blur();
    return;
  }
  if (isTyping(event.target) || document.querySelector('dialog[open]')) return;

  const keys = prefix + event.key;
  prefix = '';
  clearTimeout(prefixTimer);
  const action = bound.get(keys)?.at(-1);
  if (action) {
    event.preventDefault();
    action();
  } else if ([...bound.keys()].some((other) => other.startsWith(`${keys} `))) {
    prefix = `${keys} `;
    prefixTimer = setTimeout(() => {
      prefix = '';
    }, 1_500);
  }
}

document.addEventListener('keydown', onKey);

/** j and k: moves the focus along the elements that a selector finds. */
export function moveFocus(selector, step) {
  const rows = [...document.querySelectorAll(selector)];
  const at = rows.indexOf(document.activeElement);
  const next = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + step, 0), rows.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}
