export const prose = "Do not use."
