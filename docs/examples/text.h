/* A text as numbers, for the examples that learn to write: each byte that occurs in it has a number, in the order of the bytes. */
#ifndef EXAMPLE_TEXT_H
#define EXAMPLE_TEXT_H

#include <stdint.h>
#include <stdio.h>

#include <wengert.h>

enum { MAX_TEXT = 1 << 24 };

struct text {
    int64_t n, letters; /* bytes of the text, and how many of the 256 occur in it */
    unsigned char *byte, letter[256];
    int64_t number[256];
};

static inline wg_status read_text(struct text *text, const char *path)
{
    FILE *file = fopen(path, "rb");
    bool occurs[256] = {false};
    text->byte = malloc(MAX_TEXT);
    text->n = file && text->byte ? (int64_t)fread(text->byte, 1, MAX_TEXT, file) : 0;
    text->letters = 0;
    if (file)
        fclose(file);
    if (text->n == 0)
        return wg_error_set(WG_E_IO, "read_text", "read_text: %s cannot be read: name a text file by --text", path);
    for (int64_t i = 0; i < text->n; i++)
        occurs[text->byte[i]] = true;
    for (int byte = 0; byte < 256; byte++)
        if (occurs[byte]) {
            text->letter[text->letters] = (unsigned char)byte;
            text->number[byte] = text->letters++;
        }
    return WG_OK;
}

/* Windows of so many letters that begin at first, first + stride, … and end before last: (windows, length), i64. */
static inline wg_tensor *text_windows(const struct text *text, int64_t first, int64_t last, int64_t length, int64_t stride)
{
    const int64_t n = (last - first - length) / stride + 1;
    wg_tensor *windows = n > 0 ? wg_zeros(WG_I64, WG_SHAPE(n, length)) : NULL;
    int64_t *to = windows ? wg_data_mut(windows) : NULL;
    for (int64_t i = 0; to && i < n; i++)
        for (int64_t k = 0; k < length; k++)
            *to++ = text->number[text->byte[first + i * stride + k]];
    return windows;
}

#endif
