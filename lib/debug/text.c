/* Names as text of markup and JSON. */
#include "debug/text.h"

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
