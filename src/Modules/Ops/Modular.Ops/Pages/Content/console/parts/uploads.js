import { html, useRef, useState } from '../core/html.js';
import { bytes } from '../core/format.js';
import { upload } from '../core/upload.js';
import { Progress } from './state.js';

/**
 * A place to drop files on, or to choose them from; each shows how far it is.
 * @param {{prefix: string, onStored: (object: {key: string}) => void}} props
 */
export function Uploads({ prefix, onStored }) {
  const [files, setFiles] = useState([]);
  const [isOver, setOver] = useState(false);
  const input = useRef();
  const note = (key, change) => setFiles((now) => now.map((file) => (file.key === key ? { ...file, ...change } : file)));

  const take = async (chosen) => {
    const taken = [...chosen].map((file) => ({ key: prefix + file.name.normalize('NFC'), file, part: 0 }));
    setFiles((now) => [...now.filter((one) => !taken.some((other) => other.key === one.key)), ...taken]);
    // One after the other: the first is usable soonest, and the line is the bottleneck anyway.
    for (const { key, file } of taken) {
      try {
        await upload(key, file, (part) => note(key, { part }));
        note(key, { part: 1, isStored: true });
        onStored({ key });
      } catch (problem) {
        note(key, { problem: problem.errors.key?.[0] ?? problem.message });
      }
    }
  };
  const drop = (event) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files);
  };

  return html`
    <div class="uploads">
      <div class="drop" data-over=${isOver ? '' : undefined} onDragOver=${(event) => event.preventDefault()}
        onDragEnter=${() => setOver(true)} onDragLeave=${(event) => event.currentTarget.contains(event.relatedTarget) || setOver(false)} onDrop=${drop}>
        <span>Drop files here, or</span>
        <button type="button" onClick=${() => input.current.click()}>choose files</button>
        <span class="muted">They are stored under <code>${prefix || '/'}</code></span>
        <input ref=${input} type="file" multiple hidden aria-label="Files to upload" onChange=${(event) => {
          take(event.target.files);
          event.target.value = '';
        }} />
      </div>
      ${files.length > 0 && html`
        <ul class="upload-list" aria-label="Uploads">
          ${files.map(({ key, file, part, isStored, problem }) => html`
            <li key=${key} data-failed=${problem ? '' : undefined}>
              <span class="key">${key}</span><span class="number muted">${bytes(file.size)}</span>
              ${problem ? html`<span class="field-error" role="alert">${problem}</span>` : isStored ? html`<span class="done">stored</span>` : html`<${Progress} percent=${part * 100} label=${`Upload of ${key}`} />`}
            </li>`)}
        </ul>`}
    </div>`;
}
