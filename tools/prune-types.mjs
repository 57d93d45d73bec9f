// A part of `npm run build`: of the declarations in dist/, those stay that an application can come to, beginning at what the
// entries export.
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { builtFile, ENTRIES } from './entries.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist/');
const entries = ENTRIES.map((entry) => join(root, builtFile(entry, '.d.ts')));
const program = ts.createProgram(entries, {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  types: ['node'],
});
const checker = program.getTypeChecker();
const files = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(dist));

const isOfOtherFiles = (node) => ts.isImportDeclaration(node) || ts.isExportDeclaration(node);

/** The statements of dist/ that declare what a symbol means. */
function declarationsOf(symbol) {
  if (symbol === undefined) return [];
  const meant = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  return (meant.declarations ?? [])
    .filter((node) => node.getSourceFile().fileName.startsWith(dist))
    .map((node) => ts.findAncestor(node, ({ parent }) => parent && ts.isSourceFile(parent)))
    .filter((statement) => statement !== undefined);
}

function* identifiersIn(node) {
  if (ts.isIdentifier(node)) yield node;
  const children = [];
  ts.forEachChild(node, (child) => void children.push(child));
  for (const child of children) yield* identifiersIn(child);
}

/** What the entries export, and all that it is made of. A set that grows while it is read. */
const reached = new Set(
  entries.flatMap((path) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(path));
    return checker.getExportsOfModule(module).flatMap(declarationsOf);
  }),
);
for (const statement of reached) {
  for (const identifier of identifiersIn(statement)) {
    declarationsOf(checker.getSymbolAtLocation(identifier)).forEach((more) => reached.add(more));
  }
}

/** An import with the names that are used; nothing, when none is. */
function importOf(statement, used) {
  const { importClause, moduleSpecifier } = statement;
  const bindings = importClause?.namedBindings;
  if (bindings === undefined || !ts.isNamedImports(bindings)) return statement.getFullText();
  const names = bindings.elements.filter(({ name }) => used.has(name.text));
  if (names.length === 0) return '';
  const type = importClause.isTypeOnly ? 'type ' : '';
  const list = names.map((name) => name.getText()).join(', ');
  return `\nimport ${type}{ ${list} } from ${moduleSpecifier.getText()};`;
}

/** A file with what was reached of it, indented by tabs as the JavaScript is. */
function pruned(file) {
  const kept = file.statements.filter((node) => isOfOtherFiles(node) || reached.has(node));
  const declarations = kept.filter((node) => !ts.isImportDeclaration(node));
  const used = new Set(
    declarations.flatMap((node) => Array.from(identifiersIn(node), ({ text }) => text)),
  );
  const text = kept
    .map((node) => (ts.isImportDeclaration(node) ? importOf(node, used) : node.getFullText()))
    .join('');
  return `${text.trim()}\n`.replaceAll(/^(?: {4})+/gm, (indent) => '\t'.repeat(indent.length / 4));
}

const kept = files.filter(
  ({ fileName, statements }) =>
    entries.includes(fileName) || statements.some((statement) => reached.has(statement)),
);
for (const file of readdirSync(dist, { recursive: true })) {
  if (file.endsWith('.d.ts')) rmSync(join(dist, file));
}
for (const file of kept) writeFileSync(file.fileName, pruned(file));
