// Reads paths of Apex files from its input, one a line, and prints what `@apexdevtools/apex-parser` finds in each:
// one line of JSON a file, as `lib/apex/examples/outline.rs` prints it.
import { readFileSync } from "node:fs";
import { ApexErrorListener, ApexParser, ApexParserBaseListener, ApexParserFactory, ApexParseTreeWalker } from "@apexdevtools/apex-parser";

class Errors extends ApexErrorListener {
  count = 0;
  first = 0;
  apexSyntaxError(line) {
    this.count += 1;
    this.first ||= line;
  }
}

const OUTSIDE = [ApexParser.RULE_triggerMemberDeclaration, ApexParser.RULE_anonymousMemberDeclaration];

class Outline extends ApexParserBaseListener {
  declarations = [];
  calls = [];
  queries = [];
  operators = [];

  declares(kind, id) {
    if (id) this.declarations.push(`${kind} ${id.getText()} ${id.start.line}`);
  }
  calledAt(name, token) {
    this.calls.push(`${name.toLowerCase()} ${token.line}`);
  }

  enterTriggerUnit(ctx) { this.declares("trigger", ctx.id_list()[0]); }
  enterClassDeclaration(ctx) { this.declares("class", ctx.id()); }
  enterInterfaceDeclaration(ctx) { this.declares("interface", ctx.id()); }
  enterEnumDeclaration(ctx) { this.declares("enum", ctx.id()); }
  enterEnumConstants(ctx) { for (const id of ctx.id_list()) this.declares("constant", id); }
  enterMethodDeclaration(ctx) { this.declares("method", ctx.id()); }
  enterInterfaceMethodDeclaration(ctx) { this.declares("method", ctx.id()); }
  enterConstructorDeclaration(ctx) { this.declares("constructor", ctx.qualifiedName()); }
  enterPropertyDeclaration(ctx) { this.declares("field", ctx.id()); }
  enterFieldDeclaration(ctx) {
    // In triggers and scripts this rule takes every local variable.
    const around = ctx.parentCtx;
    if (OUTSIDE.includes(around.ruleIndex) && around.parentCtx.modifier_list().every((one) => one.FINAL())) return;
    for (const one of ctx.variableDeclarators().variableDeclarator_list()) this.declares("field", one.id());
  }

  enterMethodCall(ctx) { this.calledAt(ctx.start.text, ctx.start); }
  enterDotMethodCall(ctx) { this.calledAt(ctx.start.text, ctx.start); }
  enterNewExpression(ctx) { this.calledAt("new", ctx.start); }
  enterInsertStatement(ctx) { this.calledAt("insert", ctx.start); }
  enterUpdateStatement(ctx) { this.calledAt("update", ctx.start); }
  enterUpsertStatement(ctx) { this.calledAt("upsert", ctx.start); }
  enterDeleteStatement(ctx) { this.calledAt("delete", ctx.start); }
  enterUndeleteStatement(ctx) { this.calledAt("undelete", ctx.start); }
  enterMergeStatement(ctx) { this.calledAt("merge", ctx.start); }
  enterRunAsStatement(ctx) { this.calledAt("runas", ctx.start); }

  // A chain of one rank is one tree here and a list in ours: both start where the chain does.
  operates(kind, ctx) {
    this.operators.push(`${kind} ${ctx.start.line}`);
  }
  enterArth1Expression(ctx) { this.operates("multiply", ctx); }
  enterArth2Expression(ctx) { this.operates("add", ctx); }
  enterBitExpression(ctx) { this.operates("shift", ctx); }
  enterCmpExpression(ctx) { this.operates("compare", ctx); }
  enterEqualityExpression(ctx) { this.operates("equal", ctx); }
  enterBitAndExpression(ctx) { this.operates("bit-and", ctx); }
  enterBitNotExpression(ctx) { this.operates("bit-xor", ctx); }
  enterBitOrExpression(ctx) { this.operates("bit-or", ctx); }
  enterLogAndExpression(ctx) { this.operates("and", ctx); }
  enterLogOrExpression(ctx) { this.operates("or", ctx); }
  enterCoalExpression(ctx) { this.operates("coalesce", ctx); }
  enterCondExpression(ctx) { this.operates("ternary", ctx); }
  enterAssignExpression(ctx) { this.operates("assign", ctx); }
  enterInstanceOfExpression(ctx) { this.operates("instanceof", ctx); }
  enterCastExpression(ctx) { this.operates("cast", ctx); }
  enterPreOpExpression(ctx) { this.operates(/^(\+\+|--)$/.test(ctx.start.text) ? "step" : "unary", ctx); }
  enterNegExpression(ctx) { this.operates("unary", ctx); }
  enterPostOpExpression(ctx) { this.operates("step", ctx); }
  enterArrayExpression(ctx) { this.operates("index", ctx); }

  enterSoqlLiteral(ctx) { this.queries.push(`query ${ctx.start.line}`); }
  enterSoslLiteral(ctx) { this.queries.push(`search ${ctx.start.line}`); }
}

function read(text, unit) {
  const errors = new Errors();
  const outline = new Outline();
  const { parser } = ApexParserFactory.createLexerAndParser(text, errors);
  ApexParseTreeWalker.DEFAULT.walk(outline, parser[unit]());
  const { declarations, calls, queries, operators } = outline;
  return { problems: errors.count, line: errors.first, declarations, calls, queries, operators };
}

for (const path of readFileSync(0, "utf8").split("\n").filter((line) => line)) {
  // Places that a packager fills in (`%%%NAMESPACE%%%Name__c`) are no Apex: left out, as ours does.
  const text = readFileSync(path, "utf8").replace(/^\ufeff/, "").replace(/%%%\w+%%%/g, "");
  let found = read(text, path.endsWith(".trigger") ? "triggerUnit" : "compilationUnit");
  if (found.problems) {
    // Some projects keep scripts as classes.
    const script = read(text, "anonymousUnit");
    if (!script.problems) found = script;
  }
  console.log(JSON.stringify({ path, ...found }));
}
