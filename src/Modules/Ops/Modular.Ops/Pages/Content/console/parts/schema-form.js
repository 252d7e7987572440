import { html } from '../core/html.js';
import { Field } from './field.js';

/** A form out of a job type's JSON Schema. */
export function SchemaForm({ fields, texts, errors, onText }) {
  if (fields.length === 0) return html`<p class="muted">This type takes no payload.</p>`;
  return fields.map((field) => html`
    <${Field} key=${field.name} label=${field.name} hint=${hintOf(field)} isRequired=${field.isRequired} error=${errors[field.name]}>
      ${(ties) => html`<${Input} field=${field} ties=${ties} value=${texts[field.name] ?? ''} onValue=${(value) => onText(field.name, value)} />`}
    <//>`);
}

const hintOf = ({ kind, hint }) => [hint, kind === 'lines' && 'One a line.', kind === 'json' && 'As JSON.'].filter(Boolean).join(' ');

function Input({ field, ties, value, onValue }) {
  const onInput = (event) => onValue(event.target.value);
  const example = field.byDefault == null ? undefined : String(field.byDefault);
  switch (field.kind) {
    case 'check': return html`<input ...${ties} type="checkbox" checked=${value === '' ? field.byDefault === true : value} onChange=${(event) => onValue(event.target.checked)} />`;
    case 'number': return html`<input ...${ties} type="number" step=${field.isWhole ? 1 : 'any'} value=${value} placeholder=${example} onInput=${onInput} />`;
    case 'choice': return html`<select ...${ties} value=${value} onChange=${onInput}><option value="">${example ?? ''}</option>${field.options.map((option) => html`<option key=${option} value=${option}>${option}</option>`)}</select>`;
    case 'lines':
    case 'json': return html`<textarea ...${ties} rows="3" value=${value} onInput=${onInput} spellcheck="false"></textarea>`;
    default: return html`<input ...${ties} value=${value} placeholder=${example} onInput=${onInput} spellcheck="false" autocapitalize="off" autocomplete="off" />`;
  }
}
