// What the API client throws.

import type { Problem } from '@runlight/contracts/api'

/** The API refused a request, with the refusal as it gave it. */
export class ApiProblem extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail ?? problem.title)
    this.name = 'ApiProblem'
    this.problem = problem
  }
}

/** The API could not be reached, or answered with something that is not its. */
export class ApiUnreachable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ApiUnreachable'
  }
}
