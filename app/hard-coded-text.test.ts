import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAst } from 'vite';
import { expect, test } from 'vitest';

const folder = import.meta.dirname;
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.tsx'),
);

/** Attributes that a person sees or hears. */
const spoken: ReadonlySet<string> = new Set([
  'alt',
  'aria-description',
  'aria-label',
  'aria-placeholder',
  'aria-roledescription',
  'aria-valuetext',
  'label',
  'lead',
  'placeholder',
  'title',
]);

/** What a person would read in `source` that is written there, and not in `locales/`. */
function hardCoded(source: string): string[] {
  const found: string[] = [];
  visit(parseAst(source, { lang: 'tsx', sourceType: 'module' }), false);
  return found;

  function visit(node: unknown, isShown: boolean): void {
    if (Array.isArray(node)) for (const one of node) visit(one, isShown);
    if (!isNode(node)) return;
    if (
      node.type === 'JSXText' ||
      (isShown && (node.type === 'Literal' || node.type === 'TemplateElement'))
    ) {
      const { value } = node;
      const text = typeof value === 'object' && value !== null && 'raw' in value ? value.raw : value;
      if (typeof text === 'string' && /\p{L}/u.test(text)) found.push(text.trim());
    }
    for (const [key, child] of Object.entries(node)) visit(child, isWithin(node, key, isShown));
  }
}

/** Whether what stands at `key` of `node` is shown: a child of an element, or an attribute that is spoken. */
function isWithin(node: Node, key: string, isShown: boolean): boolean {
  switch (node.type) {
    case 'JSXElement':
    case 'JSXFragment':
      return key === 'children';
    case 'JSXAttribute':
      return key === 'value' && isNode(node.name) && spoken.has(String(node.name.name));
    case 'ConditionalExpression':
      return isShown && key !== 'test';
    case 'LogicalExpression':
      return isShown && (key === 'right' || node.operator !== '&&');
    case 'JSXExpressionContainer':
    case 'TemplateLiteral':
      return isShown;
    default:
      return false; // what a call or a function is given is its own business
  }
}

interface Node {
  type: string;
  [key: string]: unknown;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

test('what is written in the source is found, and what only looks like it is not', () => {
  const source = `
    const a = <p class="lead" title="One" aria-label={\`Two \${x}\`} data-x="no">Three {ok ? 'Four' : t('no')}</p>;
    const b = <>{x === 'no' && 'Five'} · {number(7)} {list.map((one) => <b key="no">{one}</b>)}</>;
    const c = <Panel title={t('no')} lead="Six" icon="no" />;
  `;
  expect(hardCoded(source).sort()).toEqual(['Five', 'Four', 'One', 'Six', 'Three', 'Two']);
});

test.each(files)('%s shows no text of its own', (name) => {
  expect(hardCoded(readFileSync(join(folder, name), 'utf8'))).toEqual([]);
});

test('there is something to look at', () => {
  expect(files.length).toBeGreaterThan(20);
});
