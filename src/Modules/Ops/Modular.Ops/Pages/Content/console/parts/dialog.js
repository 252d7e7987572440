import { html, useEffect, useId, useRef } from '../core/html.js';

/** A modal sheet; Esc and its cross close it. The browser keeps the focus inside and gives it back. */
export function Dialog({ title, onClose, children }) {
  const element = useRef();
  const name = useId();
  useEffect(() => {
    const opener = document.activeElement;
    element.current.showModal();
    return () => opener?.focus?.();
  }, []);
  return html`
    <dialog ref=${element} aria-labelledby=${name} onClose=${onClose} onClick=${(event) => event.target === element.current && onClose()}>
      <div class="sheet">
        <header class="sheet-head">
          <h2 id=${name}>${title}</h2>
          <button type="button" class="plain icon-button" aria-label="Close" onClick=${onClose}>✕</button>
        </header>
        ${children}
      </div>
    </dialog>`;
}

/** Asks before something that cannot be undone. */
export function Confirm({ title, children, action, isDangerous = true, isBusy, onConfirm, onClose }) {
  return html`
    <${Dialog} title=${title} onClose=${onClose}>
      ${children}
      <footer class="sheet-foot">
        <button type="button" onClick=${onClose}>Keep as it is</button>
        <button type="button" class=${isDangerous ? 'danger' : 'primary'} disabled=${isBusy} onClick=${onConfirm} autofocus>${action}</button>
      </footer>
    <//>`;
}
