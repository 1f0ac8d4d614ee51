/* Names as text of markup and JSON, and names and numbers for a person. */
#include "microscope/graph/text.h"

#include <string.h>

void wg_json_text(FILE *stream, const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        const int length = wg_utf8_length(at);
        const bool line_end = length == 3 && at[0] == 0xe2 && at[1] == 0x80 && (at[2] & 0xfe) == 0xa8; /* U+2028, U+2029 */
        if (line_end)
            fprintf(stream, "\\u%04x", 0x2000 + (at[2] & 0x3f));
        else if (length > 0)
            fwrite(at, 1, (size_t)length, stream);
        else if (*at > 0x7f)
            fputs("\xef\xbf\xbd", stream); /* not UTF-8: U+FFFD, the replacement character */
        else if (*at < 0x20 || strchr("\"\\<>&'", *at))
            fprintf(stream, "\\u%04x", *at);
        else
            fputc(*at, stream);
        at += length > 0 ? length : 1;
    }
}

void wg_markup_text(FILE *stream, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at) {
        const int length = wg_utf8_length(at);
        if (length > 0)
            fwrite(at, 1, (size_t)length, stream);
        else if (*at == '&' || *at == '<' || *at == '>' || *at == '"' || *at == '\\')
            fprintf(stream, "&#%d;", *at);
        else
            fputc(*at >= 0x20 && *at < 0x7f ? *at : '?', stream);
        at += length > 0 ? length : 1;
    }
}

void wg_number_text(double number, char *text, size_t size)
{
    char digits[40];
    size_t used = 0;
    if (!(number < 1e24)) {
        snprintf(text, size, "%g", number);
        return;
    }
    const int n = snprintf(digits, sizeof digits, "%.0f", number);
    for (int i = 0; i < n && used + 2 < size; i++) {
        text[used++] = digits[i];
        if ((n - i) % 3 == 1 && i + 1 < n)
            text[used++] = ',';
    }
    text[used] = 0;
}

const char *wg_plain_text(const char *name, char *text, size_t size)
{
    size_t used = 0;
    for (const unsigned char *at = (const unsigned char *)name; *at && used + 5 < size;) {
        const int length = wg_utf8_length(at);
        if (length > 0)
            memcpy(text + used, at, (size_t)length);
        else
            text[used] = (char)(*at >= 0x20 && *at < 0x7f ? *at : '?');
        used += length > 0 ? (size_t)length : 1;
        at += length > 0 ? length : 1;
    }
    text[used] = 0;
    return text;
}
