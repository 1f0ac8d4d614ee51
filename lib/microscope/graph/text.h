/* Names, which may hold any bytes, and numbers as text. */
#ifndef WG_TEXT_H
#define WG_TEXT_H

#include <stdbool.h>
#include <stdio.h>

/* Writes the inside of a JSON string. Escapes what ends a string, and what has a meaning in HTML or JavaScript, so that the text can
   be put into a script element. */
void wg_json_text(FILE *stream, const char *text);
/* A whole number with a comma after every group of three digits: 1,234,567. */
void wg_number_text(double number, char *text, size_t size);
/* Copies a name for a terminal, which gets no control characters: they and bytes that are not UTF-8 become '?'. Cut at size - 5 bytes.
   Returns text. */
const char *wg_plain_text(const char *name, char *text, size_t size);

/* Writes text of XML or of Graphviz's HTML-like labels. Escapes what has a meaning there or in Graphviz's strings; what is not printable becomes '?'. */
void wg_markup_text(FILE *stream, const char *text);

/* The length of a well-formed multi-byte UTF-8 sequence at the start of the text, if XML allows its character; else 0. */
static inline int wg_utf8_length(const unsigned char *at)
{
    const int length = *at >= 0xf0 && *at < 0xf5 ? 4 : *at >= 0xe0 && *at < 0xf0 ? 3 : *at >= 0xc2 && *at < 0xe0 ? 2 : 0;
    for (int i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    const bool overlong = (*at == 0xe0 && at[1] < 0xa0) || (*at == 0xf0 && at[1] < 0x90);
    const bool no_character = (*at == 0xed && at[1] > 0x9f) || (*at == 0xf4 && at[1] > 0x8f) ||
                              (*at == 0xef && at[1] == 0xbf && at[2] > 0xbd);
    return overlong || no_character ? 0 : length;
}

#endif
