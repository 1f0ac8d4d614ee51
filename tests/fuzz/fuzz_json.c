/* Graphs as JSON, changed at random: bytes, numbers, words and lines. Invariants: no sanitizer report; what is read is a graph from which
   pictures and tables are made, and which is written and read again as the same text; what is not is an error whose message begins with
   the function's name; no memory is left in use. A failure names its sequence.
   usage: fuzz_json [--sequences N | --seconds N] [--from SEED]     without arguments for a few seconds, as a test */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <wengert.h>

#include "live.h"

enum { MAX_BYTES = 1 << 16, MAX_CHANGES = 6 };

struct text {
    char at[MAX_BYTES + 1];
    size_t n;
};

static uint64_t state, running;

static size_t below(size_t n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return n ? (size_t)(state >> 33) % n : 0;
}

static void broken(const char *what, const char *text)
{
    printf("not ok 1 - sequence %" PRIu64 ": %s\n%s\n", running, what, text);
    fflush(stdout);
    abort();
}

/* ---- texts to change ---- */

static void write_step(struct text *text, bool traced)
{
    wg_nn_module *net = wg_nn_sequential(wg_nn_linear(3, 4), wg_nn_batch_norm(4), wg_nn_tanh(), wg_nn_linear(4, 1));
    wg_optim *optim = wg_optim_sgd(wg_nn_parameters(net), .lr = 0.1);
    wg_tensor *x = wg_ones(WG_F32, WG_SHAPE(2, 3));
    FILE *stream = fmemopen(text->at, MAX_BYTES, "w");
    {
        WG_TAPE(tape, .trace = traced);
        wg_tensor *loss = wg_mean(wg_square(wg_nn_apply(net, x)));
        if (!stream || wg_backward(loss) != WG_OK || wg_optim_step(optim) != WG_OK || wg_dump_json(tape, stream) != WG_OK)
            broken("the text to change could not be made", "");
        text->n = (size_t)ftell(stream);
    }
    fclose(stream);
    wg_optim_destroy(optim);
    wg_nn_destroy(net);
    wg_free(x);
}

/* ---- changes ---- */

/* Puts n bytes in the place of `gone` bytes, if they fit. */
static void splice(struct text *text, size_t at, size_t gone, const char *bytes, size_t n)
{
    gone = gone < text->n - at ? gone : text->n - at;
    if (text->n - gone + n > MAX_BYTES)
        return;
    char copy[512];
    n = n < sizeof copy ? n : sizeof copy;
    memcpy(copy, bytes, n); /* they may lie in the text */
    memmove(text->at + at + n, text->at + at + gone, text->n - at - gone);
    memcpy(text->at + at, copy, n);
    text->n += n - gone;
}

/* The next digit or quote from a random position on, or the end. */
static size_t find(const struct text *text, const char *any)
{
    size_t at = below(text->n);
    while (at < text->n && !strchr(any, text->at[at]))
        at++;
    return at;
}

static size_t line_length(const struct text *text, size_t at)
{
    const char *end = memchr(text->at + at, '\n', text->n - at);
    return end ? (size_t)(end - text->at) - at + 1 : text->n - at;
}

static void change(struct text *text)
{
    static const char *const words[] = {"null",
                                        "-1",
                                        "0",
                                        "1e999",
                                        "\"\"",
                                        "[]",
                                        "{}",
                                        "true",
                                        "18446744073709551615",
                                        "9223372036854775807",
                                        "0.5",
                                        "\"nan\"",
                                        "[0]",
                                        "\"in\"",
                                        "\"cause\"",
                                        "\"out\":[0,0]",
                                        "\"base\":1",
                                        ",",
                                        "\"\\u0000\""};
    const char *word = words[below(sizeof words / sizeof *words)];
    char number[24];
    size_t at = below(text->n);
    switch (below(7)) {
    case 0:
        text->at[at] = (char)below(256);
        return;
    case 1:
        splice(text, at, below(8), "", 0);
        return;
    case 2: /* another number */
        snprintf(number, sizeof number, "%zu", below(60));
        at = find(text, "0123456789");
        splice(text, at, 1 + below(2), number, strlen(number));
        return;
    case 3:
        splice(text, find(text, "0123456789\"[{"), 1, word, strlen(word));
        return;
    case 4:
        splice(text, at, 0, word, strlen(word));
        return;
    case 5: /* a line doubled or gone */
        at = find(text, "\n");
        if (at + 1 < text->n)
            splice(text, at + 1, below(2) ? 0 : line_length(text, at + 1), text->at + at + 1,
                   below(2) ? line_length(text, at + 1) : 0);
        return;
    default: /* a piece copied elsewhere */
        splice(text, at, below(3), text->at + below(text->n / 2), below(text->n / 2 > 40 ? 40 : 1));
    }
}

/* ---- invariants ---- */

static wg_graph *read_text(const char *text, size_t n)
{
    FILE *stream = fmemopen((void *)(uintptr_t)text, n, "r");
    wg_graph *graph = stream ? wg_graph_read_json(stream) : NULL;
    if (stream)
        fclose(stream);
    return graph;
}

static char *write_graph(const wg_graph *graph, size_t *n)
{
    char *text = NULL;
    FILE *stream = open_memstream(&text, n);
    if (!stream || wg_graph_write_json(graph, stream) != WG_OK)
        broken("a graph could not be written", "");
    fclose(stream);
    return text;
}

/* Smaller graphs are graphs: written as JSON they read back. */
static void check_collapsed(const wg_graph *graph, FILE *nowhere, const char *text)
{
    for (int depth = -1; depth < 3; depth++) {
        wg_graph *smaller = wg_graph_collapse(graph, .fold = depth != 2, .depth = depth);
        if (!smaller || wg_graph_write_dot(smaller, nowhere) != WG_OK)
            broken(wg_error_first()->message, text);
        size_t n;
        char *written = write_graph(smaller, &n);
        wg_graph *back = read_text(written, n);
        if (!back)
            broken(wg_error_first()->message, written);
        wg_graph_destroy(smaller), wg_graph_destroy(back);
        free(written);
    }
}

static void check(const struct text *text, const wg_graph *unchanged)
{
    static FILE *nowhere;
    wg_error error;
    nowhere = nowhere ? nowhere : fopen("/dev/null", "w");
    wg_graph *graph = read_text(text->at, text->n);
    const wg_status status = wg_error_take(&error);
    if ((graph != NULL) != (status == WG_OK))
        broken("a graph and an error, or neither", text->at);
    if (!graph) {
        if (strncmp(error.message, "graph_read_json: ", 17) != 0 || !strstr(error.message, "expected "))
            broken(error.message, text->at);
        return;
    }
    size_t n, again;
    char *first = write_graph(graph, &n);
    wg_graph *back = read_text(first, n);
    if (!back)
        broken(wg_error_first()->message, first);
    char *second = write_graph(back, &again);
    if (n != again || memcmp(first, second, n) != 0)
        broken("what was read again is another graph", first);
    if (wg_graph_write_dot(graph, nowhere) != WG_OK || wg_graph_write_gates(graph, nowhere) != WG_OK)
        broken(wg_error_first()->message, first);
    check_collapsed(graph, nowhere, first);
    wg_cost_table *costs = wg_graph_costs(graph);
    wg_graph_changes *changes = wg_graph_diff(graph, unchanged);
    if (!costs || wg_cost_print(costs, nowhere) != WG_OK || !changes ||
        wg_graph_changes_print(changes, graph, unchanged, nowhere) != WG_OK)
        broken(wg_error_first()->message, first);
    wg_cost_destroy(costs);
    wg_graph_changes_destroy(changes);
    wg_graph_destroy(graph);
    wg_graph_destroy(back);
    free(first), free(second);
}

int main(int argc, char **argv)
{
    static struct text original[2], text;
    uint64_t from = 1, sequences = UINT64_MAX, done = 0;
    double seconds = 3;
    for (int i = 1; i < argc; i++)
        if (i + 1 < argc && strcmp(argv[i], "--sequences") == 0)
            sequences = strtoull(argv[++i], NULL, 10), seconds = 1e9;
        else if (i + 1 < argc && strcmp(argv[i], "--seconds") == 0)
            seconds = atof(argv[++i]);
        else if (i + 1 < argc && strcmp(argv[i], "--from") == 0)
            from = strtoull(argv[++i], NULL, 10);
        else
            return fprintf(stderr, "usage: fuzz_json [--sequences N | --seconds N] [--from SEED]\n"), 2;
    const time_t start = time(NULL);
    for (int i = 0; i < 2; i++)
        write_step(&original[i], i == 1);
    wg_graph *graph = read_text(original[0].at, original[0].n);
    if (!graph && wg_error_take(NULL) == WG_E_STATE) {
        printf("ok 1 - # SKIP built without jansson\n1..1\n");
        return 0;
    }
    const int64_t live = live_bytes();
    for (; done < sequences && ((done & 63) || difftime(time(NULL), start) < seconds); done++) {
        running = from + done;
        state = running * 0x9E3779B97F4A7C15u;
        text = original[below(2)];
        for (size_t n = below(MAX_CHANGES); n > 0 && text.n > 0; n--)
            change(&text);
        text.at[text.n] = 0;
        if (text.n > 0)
            check(&text, graph);
        if (live_bytes() != live)
            broken("memory is left in use", text.at);
    }
    wg_graph_destroy(graph);
    printf("ok 1 - %" PRIu64 " texts\n1..1\n", done);
    return 0;
}
