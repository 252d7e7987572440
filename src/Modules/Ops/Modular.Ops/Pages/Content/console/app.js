import { html, render, useEffect, useState } from './core/html.js';
import { liveState } from './core/live.js';
import { go, route } from './core/router.js';
import { can, loadSession, session, signOut } from './core/session.js';
import { moveFocus, sheet, useShortcuts } from './core/shortcuts.js';
import { useStore } from './core/store.js';
import { applyTheme, nextTheme, theme } from './core/theme.js';
import { Dialog } from './parts/dialog.js';
import { attempt, Notes } from './parts/notes.js';
import { Empty, Page } from './parts/page.js';
import { Audit } from './pages/audit.js';
import { Job } from './pages/job.js';
import { Jobs } from './pages/jobs.js';
import { Keys } from './pages/keys.js';
import { NewJob } from './pages/new-job.js';
import { Objects } from './pages/objects.js';
import { Overview } from './pages/overview.js';
import { Queues } from './pages/queues.js';
import { SignIn } from './pages/sign-in.js';

const places = [
  { path: '/', label: 'Overview', keys: 'g o', scope: 'jobs:read', page: Overview },
  { path: '/jobs', label: 'Jobs', keys: 'g j', scope: 'jobs:read', page: Jobs },
  { path: '/queues', label: 'Queues', keys: 'g q', scope: 'jobs:read', page: Queues },
  { path: '/objects', label: 'Objects', keys: 'g b', scope: 'objects:read', page: Objects },
  { path: '/keys', label: 'Keys', keys: 'g k', scope: 'ops', page: Keys },
  { path: '/audit', label: 'Audit', keys: 'g a', scope: 'ops', page: Audit },
];

const newJob = { path: '/new', label: 'New job', keys: 'n', scope: 'jobs:write', page: NewJob };

function find(path, parts) {
  if (parts[0] === 'jobs' && parts.length === 2) return { scope: 'jobs:read', page: Job, props: { id: parts[1] }, parent: '/jobs' };
  return [...places, newJob].find((place) => place.path === path);
}

function Shell({ who }) {
  const { path, parts } = useStore(route);
  const [isHelpOpen, setHelpOpen] = useState(false);
  const allowed = places.filter((place) => can(place.scope));
  const place = find(path, parts);
  const steps = Object.fromEntries([...allowed, ...(can(newJob.scope) ? [newJob] : [])].map(({ keys, path: to }) => [keys, () => go(to)]));
  useShortcuts({
    ...steps,
    '/': () => (document.querySelector('[data-search]') ? document.querySelector('[data-search]').focus() : go('/jobs?search')),
    '?': () => setHelpOpen(true),
    t: nextTheme,
    j: () => moveFocus('[data-row]', 1),
    k: () => moveFocus('[data-row]', -1),
  });

  return html`
    <a class="skip" href="#content" onClick=${skip}>Skip to the content</a>
    <div class="shell">
      <header class="side">
        <a class="brand" href="#/"><${Mark} />Modular</a>
        <nav aria-label="Main">
          ${allowed.map(({ path: to, label }) => html`<a key=${to} href=${`#${to}`} aria-current=${to === path || to === place?.parent ? 'page' : undefined}>${label}</a>`)}
        </nav>
        ${can(newJob.scope) && html`<a class="button primary new-job" href="#/new" aria-current=${path === '/new' ? 'page' : undefined}>New job</a>`}
        <div class="side-foot">
          <${Live} />
          <div class="side-tools">
            <${ThemeButton} />
            <button type="button" class="plain shortcuts" onClick=${() => setHelpOpen(true)}>Shortcuts <kbd>?</kbd></button>
            <a href="/docs">API</a>
          </div>
          <div class="who"><span title=${who.scopes.join(', ')}>${who.name}</span>
            ${who.id !== 'anonymous' && html`<button type="button" class="plain" onClick=${() => attempt(signOut)}>Sign out</button>`}</div>
        </div>
      </header>
      <main id="content" tabindex="-1">
        ${!place ? html`<${Missing} />` : !can(place.scope) ? html`<${Refused} scope=${place.scope} />` : html`<${place.page} key=${path} ...${place.props} />`}
      </main>
    </div>
    ${isHelpOpen && html`<${Help} onClose=${() => setHelpOpen(false)} />`}`;
}

// The address behind # is the page: a plain link would lose it.
function skip(event) {
  event.preventDefault();
  document.getElementById('content').focus();
}

const Mark = () => html`
  <svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="8" /><path d="M7 23V9h4l5 8 5-8h4v14h-4v-7l-5 8-5-8v7z" /></svg>`;

const liveWords = { live: 'Live', connecting: 'Reconnecting', paused: 'Nothing live here' };

function Live() {
  const state = useStore(liveState);
  return html`<p class="live" data-live=${state} role="status"><i></i>${liveWords[state]}</p>`;
}

function ThemeButton() {
  const chosen = useStore(theme);
  return html`<button type="button" class="plain" onClick=${nextTheme} aria-label=${`Theme: ${chosen}. Change it.`}>Theme: ${chosen}</button>`;
}

const Missing = () => html`
  <${Page} title="No such page"><${Empty} title="Nothing is at this address">Go to <a href="#/">the overview</a>, or press <kbd>?</kbd> for all ways.<//><//>`;

const Refused = ({ scope }) => html`
  <${Page} title="Not with this key"><${Empty} title=${`This page needs the scope ${scope}`}>Sign out and in again with a key that has it; whoever has the scope <code>ops</code> can make one.<//><//>`;

const Help = ({ onClose }) => html`
  <${Dialog} title="Keyboard" onClose=${onClose}>
    <dl class="keys">${sheet.map(([keys, does]) => html`<div key=${keys}><dt>${keys.split(' ').map((one) => html`<kbd key=${one}>${one}</kbd>`)}</dt><dd>${does}</dd></div>`)}</dl>
  <//>`;

function App() {
  const who = useStore(session);
  const [problem, setProblem] = useState();
  useEffect(() => {
    const load = () => loadSession().then(() => session.get() ?? session.set(null)).then(() => setProblem(undefined), (fault) => {
      setProblem(fault);
      setTimeout(load, (fault.retryAfter ?? 2) * 1000);
    });
    load();
  }, []);
  if (who === undefined) return problem ? html`<main class="lone"><p role="alert">${problem.message}</p></main>` : null;
  return html`${who ? html`<${Shell} who=${who} />` : html`<${SignIn} />`}<${Notes} />`;
}

applyTheme();
const place = document.getElementById('app');
place.replaceChildren();
render(html`<${App} />`, place);
