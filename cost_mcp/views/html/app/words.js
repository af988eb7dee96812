// Numbers in words, as every other face of the ledger says them.

// ---- dollars, exactly: whole nano-dollars, shown as the ledger shows them ----
const CENT = 10_000_000n;
const halfEven = (number, unit) => {
  const whole = number / unit, twice = (number % unit) * 2n;
  return whole + (twice > unit || (twice === unit && whole % 2n === 1n) ? 1n : 0n);
};
const grouped = (whole) => String(whole).replace(/\B(?=(\d{3})+$)/g, ",");
const nanos = (text) => {
  const found = /^(-?)(\d+)(?:\.(\d+))?$/.exec(String(text));
  if (!found) return 0n;
  const amount = BigInt(found[2] + (found[3] ?? "").slice(0, 9).padEnd(9, "0"));
  return found[1] ? -amount : amount;
};
const usd = (amount) => {
  const whole = amount < 0n ? -amount : amount, sign = amount < 0n ? "-$" : "$";
  if (whole === 0n || whole >= CENT) {
    const cents = halfEven(whole, CENT);
    return `${sign}${grouped(cents / 100n)}.${String(cents % 100n).padStart(2, "0")}`;
  }
  const unit = 10n ** BigInt(Math.max(0, String(whole).length - 2));
  return `${sign}0.${String(halfEven(whole, unit) * unit).padStart(9, "0").replace(/0+$/, "")}`;
};
const leftUsd = (amount) => {  // rounded down: what it says can be spent
  const unit = amount >= CENT ? CENT : 10n ** BigInt(Math.max(0, String(amount).length - 2));
  return usd(amount - (amount % unit));
};
const signed = (text) => (nanos(text) > 0n ? "+" : nanos(text) ? "" : "±") + usd(nanos(text));
const count = (number) => grouped(BigInt(number));
const calls = (number) => (number === 1 ? "1 call" : `${count(number)} calls`);
const short = (number) => {
  if (number >= 10_000)
    for (const [unit, size] of [["B", 1_000_000_000n], ["M", 1_000_000n], ["K", 1_000n]])
      if (BigInt(number) >= size) {
        const tenths = halfEven(BigInt(number) * 10n, size);
        return `${grouped(tenths / 10n)}.${tenths % 10n}${unit}`;
      }
  return count(number);
};
const bounded = (text, lower) => (lower ? "≥ " : "") + usd(nanos(text));
const percent = (part, whole) => (whole > 0n ? Number((part * 10_000n) / whole) / 100 : 0);
