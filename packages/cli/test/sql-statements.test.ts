import { expect, test } from "vitest"
import { sqlStatements } from "../src/sql-statements.ts"

test.each<[string, string[], string]>([
  ["select 1", [], "select 1"],
  ["select 1;", ["select 1"], ""],
  ["select 1; select 2;\nselect 3", ["select 1", "select 2"], "\nselect 3"],
  ["select ';', ';''' ; x", ["select ';', ';'''"], " x"],
  ['select ";" from [a;b], `c;d`;', ['select ";" from [a;b], `c;d`'], ""],
  ["select 1 -- one; two\n;", ["select 1 -- one; two"], ""],
  ["/* ; */ select 1;", ["/* ; */ select 1"], ""],
  [";; -- nothing\n;", [], ""],
  ["select 'open; still", [], "select 'open; still"],
  ["select 1; /* open; still", ["select 1"], " /* open; still"],
])("%j is %j and %j", (text, whole, rest) => {
  expect(sqlStatements(text)).toEqual({ whole, rest })
})
