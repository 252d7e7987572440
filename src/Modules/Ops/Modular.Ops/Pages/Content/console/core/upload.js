import { keyPath, noAnswer, post, Problem, remove, root, toProblem } from './api.js';

// A request body may be refused from 10 MiB on (MAX_REQUEST_SIZE_MB); what is larger goes by a signed URL, which has a limit of its own.
const largestBody = 8 * 1024 * 1024;

/**
 * Stores a file under a key.
 * @param {(part: number) => void} onProgress from 0 to 1
 */
export async function upload(key, file, onProgress) {
  const contentType = file.type || 'application/octet-stream';
  if (file.size <= largestBody) {
    return send('PUT', `${root}/objects/${keyPath(key)}`, { 'Content-Type': contentType }, file, onProgress);
  }

  const place = await post('/objects/uploads', { key, size: file.size, contentType });
  try {
    if (new URL(place.url, location).origin !== location.origin) throw elsewhere(place.url);
    await send(place.method, place.url, place.headers, file, onProgress);
    return await post(`/objects/uploads/${place.id}/complete`);
  } catch (problem) {
    await remove(`/objects/uploads/${place.id}`).catch(() => {
      // It expires by itself; the first problem is the one to tell.
    });
    throw problem;
  }
}

// The page's policy lets it talk to its own server only (docs/adr/0009-console.md).
const elsewhere = (url) => new Problem({
  status: 0, title: 'Too large for this page', detail: `Files of this size go straight to ${new URL(url).host}, where this page may not send them: upload it by program (POST /api/v1/objects/uploads).`,
});

// fetch does not tell how much of a body was sent.
function send(method, url, headers, file, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    Object.entries(headers ?? {}).forEach(([name, value]) => request.setRequestHeader(name, value));
    request.upload.onprogress = (event) => onProgress(event.loaded / Math.max(event.total, 1));
    request.onerror = () => reject(noAnswer());
    request.onload = () => {
      if (request.status < 300) resolve(request.responseText.startsWith('{') ? JSON.parse(request.responseText) : null);
      else reject(toProblem({ status: request.status, text: request.responseText, retryAfter: request.getResponseHeader('Retry-After') }));
    };
    request.send(file);
  });
}
