import { html, useEffect, useState } from '../core/html.js';
import { get, post, root } from '../core/api.js';
import { useLoad } from '../core/load.js';
import { go, route, setQuery } from '../core/router.js';
import { fieldsOf, toPayload, toText } from '../core/schema.js';
import { can } from '../core/session.js';
import { useStore } from '../core/store.js';
import { Field } from '../parts/field.js';
import { tell } from '../parts/notes.js';
import { Copy, Loaded, Page } from '../parts/page.js';
import { SchemaForm } from '../parts/schema-form.js';
import { Uploads } from '../parts/uploads.js';

const options = [
  { name: 'queue', label: 'Queue', hint: 'Empty: default.' },
  { name: 'priority', label: 'Priority', type: 'number', hint: '-100 to 100; higher goes first.' },
  { name: 'delaySeconds', label: 'Delay in seconds', type: 'number', hint: 'Empty: at once.' },
  { name: 'maxAttempts', label: 'Attempts at most', type: 'number', hint: '1 to 50; empty: 5.' },
  { name: 'timeoutSeconds', label: 'Timeout in seconds', type: 'number', hint: 'Of each attempt; empty: 3600.' },
  { name: 'tags', label: 'Tags', hint: 'With commas between.' },
];

export function NewJob() {
  const { query } = useStore(route);
  const like = query.get('like') ?? undefined;
  const types = useLoad((signal) => get('/job-types', undefined, signal), []);
  const model = useLoad((signal) => (like ? get(`/jobs/${like}`, undefined, signal) : Promise.resolve(null)), [like]);
  return html`
    <${Page} title="New job">
      <${Loaded} of=${types}>${({ items }) => html`<${Loaded} of=${model}>${(job) => html`<${Form} key=${like} types=${items} model=${job} chosen=${query.get('type') ?? job?.type} />`}<//>`}<//>
    <//>`;
}

function Form({ types, model, chosen }) {
  const type = types.find((one) => one.type === chosen) ?? types[0];
  const fields = fieldsOf(type.payloadSchema);
  const [texts, setTexts] = useState({});
  const [settings, setSettings] = useState(() => (model ? { queue: model.queue, priority: String(model.priority), maxAttempts: String(model.maxAttempts), tags: model.tags.join(', ') } : {}));
  const [problem, setProblem] = useState();
  const [isBusy, setBusy] = useState(false);
  const [prefix, setPrefix] = useState('uploads/');
  useEffect(() => {
    setTexts(Object.fromEntries(fields.map((field) => [field.name, model?.type === type.type ? toText(field, model.payload[field.name]) : ''])));
    setProblem(undefined);
  }, [type.type]);

  const { payload, errors } = toPayload(fields, texts);
  const job = { type: type.type, payload, ...toSettings(settings) };
  const setText = (name, value) => setTexts((now) => ({ ...now, [name]: value }));
  const told = (name) => problem?.errors?.[name]?.[0];
  // Where an uploaded file belongs: the type says which field takes a key, or several.
  const onStored = ({ key }) => {
    if (fields.some((field) => field.name === 'keys')) setTexts((now) => ({ ...now, keys: [now.keys, key].filter(Boolean).join('\n') }));
    else if (fields.some((field) => field.name === 'key')) setText('key', key);
  };

  const submit = async (event) => {
    event.preventDefault();
    if (Object.keys(errors).length > 0) return;
    setBusy(true);
    try {
      const { id } = await post('/jobs', job);
      tell('The job is submitted.');
      go(`/jobs/${id}`);
    } catch (fault) {
      setProblem(fault);
      setBusy(false);
      requestAnimationFrame(() => document.querySelector('[aria-invalid]')?.focus());
    }
  };

  return html`
    <div class="new-columns">
      <form class="card" onSubmit=${submit}>
        <${Field} label="Type" hint=${type.description} error=${told('type')}>
          ${(ties) => html`<select ...${ties} data-search value=${type.type} onChange=${(event) => setQuery({ type: event.target.value })}>${types.map((one) => html`<option key=${one.type} value=${one.type}>${one.type}</option>`)}</select>`}
        <//>
        <h2>Payload</h2>
        <${SchemaForm} fields=${fields} texts=${texts} onText=${setText}
          errors=${Object.fromEntries(fields.map(({ name }) => [name, errors[name] ?? fieldError(problem, name)]))} />
        <details open=${options.some(({ name }) => told(name)) || Boolean(model)}>
          <summary>Queue, priority, time, attempts, tags</summary>
          <div class="field-grid">${options.map(({ name, label, hint, type: kind = 'text' }) => html`
            <${Field} key=${name} label=${label} hint=${hint} error=${told(name)}>
              ${(ties) => html`<input ...${ties} type=${kind} value=${settings[name] ?? ''} onInput=${(event) => setSettings({ ...settings, [name]: event.target.value })} />`}<//>`)}</div>
        </details>
        ${problem && html`<p class="field-error" role="alert">${problem.message} ${unplaced(problem, fields)}</p>`}
        <footer class="form-foot"><button class="primary" disabled=${isBusy}>Submit the job</button></footer>
      </form>
      <div>
        ${can('objects:write') && html`
          <section class="card"><header><h2>Upload files for it</h2></header>
            <${Field} label="Folder">${(ties) => html`<input ...${ties} value=${prefix} onChange=${(event) => setPrefix(event.target.value && `${event.target.value.replace(/\/+$/, '')}/`)} spellcheck="false" />`}<//>
            <${Uploads} prefix=${prefix} onStored=${onStored} />
          </section>`}
        <section class="card"><header><h2>The same by <code>curl</code></h2><${Copy} label="Copy as curl" text=${() => toCurl(job)} onCopied=${() => tell('Copied.')} /></header>
          <pre class="code" tabindex="0" role="region" aria-label="curl command">${toCurl(job)}</pre></section>
      </div>
    </div>`;
}

function toSettings({ tags = '', ...settings }) {
  const set = Object.fromEntries(Object.entries(settings).filter(([, text]) => text !== '')
    .map(([name, text]) => [name, options.find((option) => option.name === name).type === 'number' ? Number(text) : text.trim()]));
  const list = tags.split(',').map((tag) => tag.trim()).filter(Boolean);
  return list.length > 0 ? { ...set, tags: list } : set;
}

/** The API names fields inside too: payload.keys[3] belongs to keys. */
function fieldError(problem, name) {
  const path = Object.keys(problem?.errors ?? {}).find((one) => one === `payload.${name}` || one.startsWith(`payload.${name}.`) || one.startsWith(`payload.${name}[`));
  return path && `${path.slice(8) === name ? '' : `${path.slice(8)} `}${problem.errors[path].join('; ')}`;
}

const unplaced = (problem, fields) => Object.entries(problem.errors)
  .filter(([path]) => path !== 'type' && !options.some(({ name }) => name === path) && !fields.some(({ name }) => fieldError({ errors: { [path]: [''] } }, name) !== undefined))
  .map(([path, messages]) => `${path} ${messages.join('; ')}`).join('. ');

const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

const toCurl = (job) => [
  `curl ${location.origin}${root}/jobs \\`,
  "  -H \"Authorization: Bearer $MODULAR_KEY\" -H 'Content-Type: application/json' \\",
  `  -d ${quote(JSON.stringify(job))}`,
].join('\n');
