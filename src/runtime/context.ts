export function freshContext(_g: object): void {}
