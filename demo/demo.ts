import type { NestExpressApplication } from '@nestjs/platform-express';
import type { AppSettings } from './app.module.js';
import { createApp } from './create-app.js';
import { DemoDatabase } from './demo-database.js';
import { findFreePort, HOST } from './listen.js';
import { serveOpenApi } from './openapi.js';
import type { DemoSettings } from './settings.js';
import { forwardTo } from './stage/forward.js';
import { servePage } from './stage/page.js';
import { SecondNode } from './stage/second-node.js';
import { StageModule } from './stage/stage.module.js';

/** The application over a new database, and the page that shows what happens. */
export class Demo {
  private app: NestExpressApplication | undefined;
  private secondNode: SecondNode | undefined;

  private constructor(private readonly database: DemoDatabase) {}

  static async start(settings: DemoSettings): Promise<{ demo: Demo; url: string }> {
    const port = await findFreePort(settings.ports);
    const demo = new Demo(await DemoDatabase.create());
    try {
      return { demo, url: await demo.serve(port, settings.jwtSecret) };
    } catch (error) {
      await demo.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.secondNode?.stop();
    await this.app?.close();
    await this.database.remove();
  }

  private async serve(port: number, jwtSecret: string): Promise<string> {
    const { database } = this;
    const shared = { databaseUrl: database.url, jwtSecret };
    const secondNode = new SecondNode({ ...shared, node: 'Node B' } satisfies AppSettings);
    this.secondNode = secondNode;

    const stage = StageModule.register(database, secondNode);
    const app = await createApp({ ...shared, node: 'Node A' }, [stage]);
    this.app = app;
    servePage(app);
    serveOpenApi(app);
    app.use(
      '/node-b',
      forwardTo(() => secondNode.url),
    );

    await app.listen(port, HOST);
    // From here on the log has what happens to tokens; what Nest says while it boots is left out.
    app.useLogger(['log', 'warn', 'error', 'fatal']);
    return app.getUrl();
  }
}
