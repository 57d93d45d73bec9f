#!/usr/bin/env node
import { answer } from './answer.js';

const { text, isError } = answer(process.argv.slice(2));
if (isError) {
  console.error(text);
  process.exitCode = 1;
} else {
  console.log(text);
}
