import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { ENTRIES } from '../../tools/entries.mjs';
import { root } from './code-blocks.js';

/** Types that a signature is written with, and that say nothing by themselves: an editor shows what they come to. */
const HELPERS = new Set(['OptionsOf', 'Operation', 'Required', 'Writable']);

const { config } = ts.readConfigFile(`${root}tsconfig.json`, (path) => ts.sys.readFile(path));
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
const fileOf = (entry: string) => `${root}src/${entry === '' ? '' : `${entry}/`}index.ts`;
const program = ts.createProgram(ENTRIES.map(fileOf), options);
const checker = program.getTypeChecker();

function exportsOf(entry: string): ts.Symbol[] {
  const module = checker.getSymbolAtLocation(program.getSourceFile(fileOf(entry))!)!;
  return checker.getExportsOfModule(module).map(behindAlias);
}

function behindAlias(symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** Everything that has a name in an entry, under this name or another. */
const named = new Set(
  ENTRIES.flatMap(exportsOf).flatMap((symbol) => [
    symbol,
    checker.getDeclaredTypeOfSymbol(symbol).symbol,
  ]),
);

describe.each(ENTRIES.map((entry) => ({ entry, from: entry || 'the main entry' })))(
  'what $from exports',
  ({ entry }) => {
    it('says in a comment what it is', () => {
      const silent = exportsOf(entry).filter(
        (symbol) => symbol.getDocumentationComment(checker).length === 0,
      );
      expect(silent.map(({ name }) => name)).toEqual([]);
    });

    it('takes and gives only what an application can name', () => {
      const nameless = exportsOf(entry).flatMap((symbol) =>
        typesOf(symbol)
          .filter(({ name }) => !HELPERS.has(name))
          .map(({ name }) => `${name} of ${symbol.name}`),
      );
      expect([...new Set(nameless)]).toEqual([]);
    });
  },
);

/** The types of src/ without a name that callers meet. */
function typesOf(symbol: ts.Symbol): ts.Symbol[] {
  return (symbol.declarations ?? []).flatMap((declaration) => {
    const found: ts.Symbol[] = [];
    const visit = (node: ts.Node): void => {
      if (isOutOfSight(node)) return;
      if (ts.isTypeReferenceNode(node)) found.push(...namelessOf(node));
      ts.forEachChild(node, visit);
    };
    visit(declaration);
    return found;
  });
}

/** Code, what is private, and constructors: Nest and functions of the package call those. */
function isOutOfSight(node: ts.Node): boolean {
  if (ts.isBlock(node) || ts.isDecorator(node) || ts.isHeritageClause(node)) return true;
  if (ts.isConstructorDeclaration(node)) return true;
  const modifiers = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : [];
  return modifiers.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword);
}

function namelessOf({ typeName }: ts.TypeReferenceNode): ts.Symbol[] {
  const referred = checker.getSymbolAtLocation(typeName);
  const symbol = referred && behindAlias(referred);
  const file = symbol?.declarations?.[0]?.getSourceFile().fileName ?? '';
  if (symbol === undefined || !file.startsWith(`${root}src/`) || named.has(symbol)) return [];
  return symbol.flags & ts.SymbolFlags.TypeParameter ? [] : [symbol];
}
