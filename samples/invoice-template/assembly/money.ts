/** Minor units as people read them: 120050 with two decimals is 1200.50. */
export function amount(minor: i64, decimals: i32): string {
  const sign = minor < 0 ? "-" : "";
  const digits = (minor < 0 ? -minor : minor).toString().padStart(decimals + 1, "0");
  const whole = digits.substring(0, digits.length - decimals);
  return decimals > 0 ? `${sign}${whole}.${digits.substring(digits.length - decimals)}` : `${sign}${whole}`;
}
