import type { Hono } from 'hono';
import { type DescribeRouteOptions, openAPIRouteHandler, resolver } from 'hono-openapi';
import type * as v from 'valibot';
import { Problem } from '../shared/api.ts';
import { type ApiErrorCode, apiErrors } from '../shared/errors.ts';
import type { ServerEnv } from './services.ts';

/** The bodies of a route: of the request, and of its answers by status; null is an answer without a body. */
interface Bodies {
  body?: v.GenericSchema;
  [status: number]: v.GenericSchema | null;
}

/** What `describeRoute` needs to know of a route's bodies and of the codes it refuses with. */
export function answers(bodies: Bodies, codes: readonly ApiErrorCode[]): DescribeRouteOptions {
  const { body, ...byStatus } = bodies;
  const responses: NonNullable<DescribeRouteOptions['responses']> = {};
  for (const [status, schema] of Object.entries(byStatus)) {
    responses[status] = {
      description: 'Done',
      ...(schema ? { content: { 'application/json': { schema: resolver(schema) } } } : {}),
    };
  }
  for (const status of new Set(codes.map((code) => apiErrors[code]))) {
    responses[status] = {
      description: codes.filter((code) => apiErrors[code] === status).join(', '),
      content: { 'application/problem+json': { schema: resolver(Problem) } },
    };
  }
  return {
    responses,
    ...(body
      ? { requestBody: { required: true, content: { 'application/json': { schema: resolver(body) } } } }
      : {}),
  };
}

/** Serves the OpenAPI document of every route that describes itself. */
export function serveOpenApi(app: Hono<ServerEnv>, publicUrl: string): void {
  app.get(
    '/api/openapi.json',
    openAPIRouteHandler(app, {
      defaultValidationErrorResponse: false,
      documentation: {
        info: { title: 'Holdfast', version: '1', description: 'Files that arrive, once, whole.' },
        servers: [{ url: publicUrl }],
      },
    }),
  );
}
