import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Something of the source that has a doc comment. */
export interface Documented {
  readonly name: string;
  /** The first paragraph of the comment, in one line. */
  readonly text: string;
  /** Whether a member of an interface must be given. */
  readonly required?: boolean;
}

/** The rows of an option table: the properties of an object that a constant holds. */
export function rowsOf(path: string, constant: string): Documented[] {
  const { file, found } = find(path, (node): node is ts.VariableDeclaration => {
    return ts.isVariableDeclaration(node) && node.name.getText() === constant;
  });
  const { initializer } = found;
  if (initializer === undefined || !ts.isObjectLiteralExpression(initializer)) {
    throw new Error(`${constant} of ${path} is not an object.`);
  }
  return initializer.properties
    .filter((property) => ts.isPropertyAssignment(property))
    .map((property) => ({ name: property.name.getText(file), text: commentOf(property, file) }));
}

/** The members of an interface, and then those of the interfaces that it extends. */
export function membersOf(path: string, name: string): Documented[] {
  const { file, found } = find(path, (node): node is ts.InterfaceDeclaration => {
    return ts.isInterfaceDeclaration(node) && node.name.text === name;
  });
  const own = found.members.map((member) => ({
    name: member.name!.getText(file),
    text: commentOf(member, file),
    required: member.questionToken === undefined,
  }));
  const extended = (found.heritageClauses ?? [])
    .flatMap(({ types }) => types)
    .map(({ expression }) => expression.getText(file));
  return [...own, ...extended.flatMap((each) => membersOf(sourceOf(each, file), each))];
}

/** The file that a name comes from: the file itself, or one that it imports. */
function sourceOf(name: string, file: ts.SourceFile): string {
  const from = file.statements
    .filter((statement) => ts.isImportDeclaration(statement))
    .find(({ importClause }) => {
      const bindings = importClause?.namedBindings;
      return (
        bindings !== undefined &&
        ts.isNamedImports(bindings) &&
        bindings.elements.some((element) => element.name.text === name)
      );
    });
  if (from === undefined) return file.fileName;
  const { text } = from.moduleSpecifier as ts.StringLiteral;
  return posix.join(posix.dirname(file.fileName), text.replace(/\.js$/, '.ts'));
}

/** The members of a union of texts. */
export function unionOf(path: string, name: string): Documented[] {
  const { file, found } = find(path, (node): node is ts.TypeAliasDeclaration => {
    return ts.isTypeAliasDeclaration(node) && node.name.text === name;
  });
  if (!ts.isUnionTypeNode(found.type)) throw new Error(`${name} of ${path} is not a union.`);
  const members = found.type.types;
  return members.map((member, index) => ({
    name: member.getText(file).slice(1, -1),
    // The comment is before the bar, and the bar is not part of the member.
    text: commentOf(member, file, members[index - 1]?.end ?? found.type.pos),
  }));
}

/** A class. */
export function classOf(path: string, name: string): Documented {
  const { file, found } = find(path, (node): node is ts.ClassDeclaration => {
    return ts.isClassDeclaration(node) && node.name?.text === name;
  });
  return { name, text: commentOf(found, file) };
}

function find<Found extends ts.Node>(
  path: string,
  isWanted: (node: ts.Node) => node is Found,
): { file: ts.SourceFile; found: Found } {
  const text = readFileSync(root + path, 'utf8');
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const search = (node: ts.Node): Found | undefined =>
    isWanted(node) ? node : ts.forEachChild(node, search);
  const found = search(file);
  if (found === undefined) throw new Error(`${path} does not have what docs/ is generated from.`);
  return { file, found };
}

/** The last doc comment before a node. A node without one has no place in the documentation. */
function commentOf(node: ts.Node, file: ts.SourceFile, from = node.getFullStart()): string {
  const before = file.text.slice(from, node.getStart(file));
  const comment = before.match(/\/\*\*.*?\*\//gs)?.at(-1);
  if (comment === undefined) {
    throw new Error(`${file.fileName}: ${node.getText(file).slice(0, 60)} has no doc comment.`);
  }
  const lines = comment
    .slice(3, -2)
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trim());
  const text = lines.join('\n').trim();
  return text.split(/\n\n|\n@/, 1)[0]!.replaceAll('\n', ' ');
}
