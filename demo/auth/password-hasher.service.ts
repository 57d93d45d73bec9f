import { randomBytes } from 'node:crypto';
import { hash, parseOptions, verify } from '@node-rs/argon2';
import { Injectable, type OnModuleInit } from '@nestjs/common';

/** Argon2id at the costs that the library recommends today. */
@Injectable()
export class PasswordHasher implements OnModuleInit {
  /** A hash that no password has. */
  private decoy!: string;

  async onModuleInit(): Promise<void> {
    this.decoy = await hash(randomBytes(32));
  }

  hash(password: string): Promise<string> {
    return hash(password);
  }

  /** Takes as long when there is no hash, so that the time of the answer does not tell who has an account. */
  async matches(storedHash: string | undefined, password: string): Promise<boolean> {
    const matched = await verify(storedHash ?? this.decoy, password);
    return matched && storedHash !== undefined;
  }

  /** Whether the hash was made at other costs than today's, which the decoy has. */
  isOutdated(storedHash: string): boolean {
    return costs(storedHash) !== costs(this.decoy);
  }
}

function costs(encodedHash: string): string {
  const { algorithm, version, memoryCost, timeCost, parallelism } = parseOptions(encodedHash);
  return [algorithm, version, memoryCost, timeCost, parallelism].join();
}
