export {
  apiTokenGuard,
  authenticateApiToken,
  createApiToken,
  type EndToken,
  holdAllApiTokens,
  holdApiToken,
  isReleasable,
  listApiTokens,
  type NewToken,
  releaseApiToken,
  revokeAllApiTokens,
  revokeApiToken,
  revokeLeakedToken,
  tokenFault,
} from "./api-tokens.ts";
export { type DownloadCounter, makeDownloadCounter } from "./downloads.ts";
export { ALL_POWERS, listActiveHolds, type NewHold, placeHold, requireNoHold } from "./holds.ts";
export { registryRoutes, type RegistryRouteOptions } from "./http.ts";
export type { MetadataLink, ProjectLink } from "./links.ts";
export { isProjectName, normalizeName } from "./names.ts";
export { type IndexRecord, impactOf, type ProjectSummary, projectSummary, recordsOf } from "./records.ts";
export { registryRefusals } from "./refusals.ts";
export {
  addOrganisationMember,
  assignProject,
  createOrganisation,
  grantRole,
  listCoOwners,
  listOrganisationsOf,
  listProjectsOf,
  yankRelease,
} from "./roles.ts";
export {
  eraseAccountData,
  listEveryHold,
  listRoleDates,
  listSoleOwnerships,
  pageUploads,
  type SoleOwnerships,
} from "./store/account-data.ts";
export { listProjectLinks } from "./store/links.ts";
export type { ImpactCounts, ProjectOf } from "./store/access.ts";
export { sweepTemporaryFiles } from "./sweep.ts";
export { parseApiToken, TOKEN_PREFIX } from "./tokens.ts";
export type {
  ApiToken,
  DistributionFile,
  FileType,
  Hold,
  Organisation,
  OrganisationRole,
  Power,
  Project,
  ProjectRole,
  Release,
  TokenHolder,
} from "./types.ts";
