import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAst } from 'vite';
import { expect, test } from 'vitest';
import en from './en.json' with { type: 'json' };

/** Words that are in the source, as far as they could be a key or be filled into one. */
interface Words {
  /** Every literal, literal type and name of a property there is. */
  whole: Set<string>;
  /** Templates that begin as a key does: what stands before, between and after the holes. */
  templates: string[][];
}

/** Read by the server as a whole. */
const ofMails = /^mail\./;

test('a key that is written, or put together of what is written, is used, and no other one', () => {
  const words = noWords();
  read(
    `t('a.one'); t(\`b.\${x}\`); t(\`c.\${y}.title\`); t(\`\${x}.d\`); const x: 'two' = three;
     const kinds = { four: 1 };`,
    words,
  );
  const keys = ['a.one', 'a.two', 'b.two', 'b.three', 'b.four', 'c.two.title', 'c.two.body', 'two.d'];
  expect(keys.filter((key) => !isUsed(key, words))).toEqual(['a.two', 'b.three', 'c.two.body', 'two.d']);
});

test('every text is shown somewhere', () => {
  const words = noWords();
  for (const source of sources('app', 'shared')) read(source, words);
  const keys = new Set(keysOf(en).map((key) => key.replace(/_(zero|one|two|few|many|other)$/, '')));
  expect([...keys].filter((key) => !ofMails.test(key) && !isUsed(key, words))).toEqual([]);
});

function noWords(): Words {
  return { whole: new Set(), templates: [] };
}

/** What may fill a template's holes is not followed: it can be any word of the source. */
function isUsed(key: string, { whole, templates }: Words): boolean {
  if (whole.has(key)) return true;
  return templates.some((parts) => {
    const filled = key.match(new RegExp(`^${parts.join('([\\w-]+)').replaceAll('.', '\\.')}$`));
    return filled?.slice(1).every((word) => whole.has(word));
  });
}

function read(source: string, words: Words): void {
  visit(parseAst(source, { lang: 'tsx', sourceType: 'module' }));

  function visit(node: unknown): void {
    if (Array.isArray(node)) node.forEach(visit);
    if (!isNode(node)) return;
    const { type, value, key, quasis } = node;
    if (type === 'Literal') words.whole.add(String(value));
    if (isNode(key) && key.type === 'Identifier') words.whole.add(String(key.name));
    if (type === 'TemplateLiteral' && Array.isArray(quasis)) {
      const parts = quasis.map((part: { value: { raw: string } }) => part.value.raw);
      if (/^\w+\./.test(parts[0] ?? '')) words.templates.push(parts);
    }
    Object.values(node).forEach(visit);
  }
}

function sources(...folders: string[]): string[] {
  return folders.flatMap((folder) => {
    const path = join(import.meta.dirname, '..', folder);
    return readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((name) => /(?<!\.test|\.d)\.tsx?$/.test(name))
      .map((name) => readFileSync(join(path, name), 'utf8'));
  });
}

function keysOf(tree: object, prefix = ''): string[] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'object' ? keysOf(value, `${prefix}${key}.`) : [prefix + key],
  );
}

interface Node {
  type: string;
  [key: string]: unknown;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
