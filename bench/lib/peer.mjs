/** A package that is measured beside this one; null when it is not installed, and its rows are left out. */
export async function peer(name) {
  try {
    return await import(name);
  } catch (error) {
    if (error.code === 'ERR_MODULE_NOT_FOUND' && error.message.includes(`'${name}'`)) return null;
    throw error;
  }
}
