import { html, useId } from '../core/html.js';

/**
 * A labelled field with its hint and the API's word about it. Its child is a function that gets what ties the input to them.
 */
export function Field({ label, hint, error, isRequired, children }) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ') || undefined;
  return html`
    <div class="field" data-invalid=${error ? '' : undefined}>
      <label for=${id}>${label}${isRequired && html`<span class="required"> required</span>`}</label>
      ${children({ id, 'aria-describedby': described, 'aria-invalid': error ? 'true' : undefined, 'aria-required': isRequired ? 'true' : undefined })}
      ${error && html`<p id=${`${id}-error`} class="field-error">${error}</p>`}
      ${hint && html`<p id=${`${id}-hint`} class="hint">${hint}</p>`}
    </div>`;
}
