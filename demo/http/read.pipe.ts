import type { PipeTransform } from '@nestjs/common';

/** Turns what came with the request into what the handler takes, by a function that throws when it cannot. */
export class ReadPipe<Input, Output> implements PipeTransform<Input, Output> {
  constructor(private readonly read: (input: Input) => Output) {}

  transform(input: Input): Output {
    return this.read(input);
  }
}
