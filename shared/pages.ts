/** Lists of AWS, page by page. A page may be short or empty and yet not be the last: only its token says so. */

/**
 * @param read gives the page that the token names, the first one without
 * @param next the token in a page, most often its `NextToken`; undefined or empty in the last one
 */
export async function* pages<Page, Token = string>(
  read: (token: Token | undefined) => Promise<Page>,
  next: (page: Page) => Token | undefined = (page) => (page as { NextToken?: Token }).NextToken,
): AsyncGenerator<Page, void, undefined> {
  let token: Token | undefined;
  do {
    const page = await read(token);
    yield page;
    token = next(page);
  } while (token !== undefined && token !== '');
}
