/**
 * What a JSON Schema's properties are as fields of a form.
 * @typedef {{name: string, kind: 'text' | 'number' | 'check' | 'choice' | 'lines' | 'json', hint?: string, isRequired: boolean, isWhole?: boolean, options?: string[], byDefault?: unknown}} SchemaField
 * @param {object} schema of an object
 * @returns {SchemaField[]} the required ones first
 */
export function fieldsOf(schema) {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {})
    .map(([name, property]) => ({ name, hint: property.description, isRequired: required.has(name), byDefault: property.default, ...kindOf(property) }))
    .sort((one, other) => other.isRequired - one.isRequired);
}

function kindOf(property) {
  const types = [property.type ?? []].flat().filter((type) => type !== 'null');
  if (property.enum) return { kind: 'choice', options: property.enum.filter((value) => value !== null).map(String) };
  if (types.length !== 1) return { kind: 'json' };
  switch (types[0]) {
    case 'string': return { kind: 'text' };
    case 'integer': return { kind: 'number', isWhole: true };
    case 'number': return { kind: 'number' };
    case 'boolean': return { kind: 'check' };
    case 'array': return { kind: property.items?.type === 'string' ? 'lines' : 'json' };
    default: return { kind: 'json' };
  }
}

/** A value as its field's text. */
export function toText({ kind }, value) {
  if (value === undefined || value === null) return '';
  if (kind === 'lines') return value.join('\n');
  if (kind === 'json') return JSON.stringify(value, null, 2);
  return kind === 'check' ? value : String(value);
}

/**
 * The payload that the texts mean; an empty field is left out, so that the type's own default holds.
 * @returns {{payload: object, errors: Record<string, string>}}
 */
export function toPayload(fields, texts) {
  const payload = {};
  const errors = {};
  for (const field of fields) {
    const text = texts[field.name];
    if (text === undefined || text === '') continue;
    try {
      payload[field.name] = toValue(field, text);
    } catch (problem) {
      errors[field.name] = `must be JSON: ${problem.message}`;
    }
  }
  return { payload, errors };
}

function toValue({ kind }, text) {
  switch (kind) {
    case 'number': return Number(text);
    case 'lines': return text.split('\n').map((line) => line.trim()).filter(Boolean);
    case 'json': return JSON.parse(text);
    default: return text;
  }
}
