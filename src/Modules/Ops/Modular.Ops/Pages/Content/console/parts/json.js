import { html } from '../core/html.js';

const token = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** JSON, indented, with its kinds of value told apart. */
export function Json({ value, label }) {
  const text = JSON.stringify(value, null, 2);
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(token)) {
    const [whole, string, colon, word] = match;
    parts.push(text.slice(end, match.index), html`<span class=${colon ? 'json-name' : string ? 'json-text' : word ? 'json-word' : 'json-number'}>${string ?? whole}</span>`, colon ?? '');
    end = match.index + whole.length;
  }
  return html`<pre class="code" tabindex="0" role="region" aria-label=${label}>${parts}${text.slice(end)}</pre>`;
}
