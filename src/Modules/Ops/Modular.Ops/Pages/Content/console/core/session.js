import { call, get, post, whenSignedOut } from './api.js';
import { createStore } from './store.js';

/** Who is signed in: undefined while nobody knows, null for nobody. The key itself stays in the cookie, which no script reads. */
export const session = createStore(undefined);

export const can = (scope) => session.get()?.scopes.includes(scope) ?? false;

export async function loadSession() {
  try {
    session.set(await get('/session'));
  } catch (problem) {
    if (problem.status !== 401) throw problem;
  }
}

export async function signIn(key) {
  session.set(await post('/session', { key }));
}

export async function signOut() {
  await call('DELETE', '/session');
  // Where everyone may do everything there is nobody to be signed out; the next answer tells.
  session.set(null);
  await loadSession();
}

whenSignedOut(() => session.set(null));
