import { html, useEffect, useRef } from '../core/html.js';

let isFirst = true;

/** A page's frame: its title in the tab, the focus on its heading after a step, its actions beside it. */
export function Page({ title, name = title, sub, actions, children }) {
  const heading = useRef();
  useEffect(() => {
    document.title = `${name} · Modular`;
  }, [name]);
  useEffect(() => {
    // Whoever steps by keyboard or listens starts at the new page's top; the first page leaves the focus to the browser.
    if (!isFirst) heading.current.focus();
    isFirst = false;
  }, []);
  return html`
    <div class="page">
      <header class="page-head">
        <div class="page-title"><h1 ref=${heading} tabindex="-1">${title}</h1>${sub && html`<p class="muted">${sub}</p>`}</div>
        ${actions && html`<div class="actions">${actions}</div>`}
      </header>
      ${children}
    </div>`;
}

/** What stands where a list would: why it is empty and what to do. */
export const Empty = ({ title, children }) => html`<div class="empty"><p class="empty-title">${title}</p><p>${children}</p></div>`;

/** A refusal or fault in the API's words, with a way on. */
export function Trouble({ problem, onRetry }) {
  return html`
    <div class="trouble" role="alert">
      <p><strong>${problem.title ?? 'Something went wrong'}.</strong> ${problem.message}</p>
      ${Object.entries(problem.errors ?? {}).map(([field, messages]) => html`<p key=${field}><code>${field}</code> ${messages.join('; ')}</p>`)}
      ${onRetry && html`<button type="button" onClick=${onRetry}>Try again</button>`}
    </div>`;
}

/** Lines that hold the place of what is loading, shown only when it takes longer than a blink. */
const Placeholder = ({ isSlow, rows = 8 }) => html`
  <div class="placeholder" data-slow=${isSlow ? '' : undefined} aria-busy="true" aria-label="Loading">
    ${Array.from({ length: rows }, (_, row) => html`<span key=${row}></span>`)}
  </div>`;

/** What was loaded, or what stands for it meanwhile. */
export function Loaded({ of, rows, children }) {
  const { data, problem, isSlow, reload } = of;
  return html`
    ${problem && html`<${Trouble} problem=${problem} onRetry=${reload} />`}
    ${data !== undefined ? children(data) : !problem && html`<${Placeholder} isSlow=${isSlow} rows=${rows} />`}`;
}

export function Copy({ text, label = 'Copy', onCopied }) {
  const copy = async () => {
    await navigator.clipboard.writeText(typeof text === 'function' ? text() : text);
    onCopied?.();
  };
  return html`<button type="button" class="small" onClick=${copy}>${label}</button>`;
}

/** Pages by cursor: the first one (the newest, in most lists), and the one after this. */
export function Pager({ hasNewer, nextCursor, onNewest, onOlder, labels = ['Newest', 'Older'] }) {
  if (!hasNewer && !nextCursor) return null;
  return html`
    <nav class="pager" aria-label="Pages">
      <button type="button" disabled=${!hasNewer} onClick=${onNewest}>${labels[0]}</button>
      <button type="button" disabled=${!nextCursor} onClick=${onOlder}>${labels[1]}</button>
    </nav>`;
}
