// Sentences that the script says; the server wrote them in the reader's language.
export const words = () => document.getElementById("words")?.dataset ?? {};
export const cookie = (name, value) => {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax${secure}`;
};
