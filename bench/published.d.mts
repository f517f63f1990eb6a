/** The path of the published command, installed if need be, or why it cannot be had. */
export function findPublished(): { path: string; why?: undefined } | { path?: undefined; why: string }
