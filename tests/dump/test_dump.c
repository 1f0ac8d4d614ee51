/* The graph dump: what it says, that it says the same twice, that Graphviz accepts it, and that misuse is an error. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "live.h"
#include "wengert.h"

struct model {
    wg_tensor *x, *w, *v;
};

static int model_make(void **state)
{
    const float x[] = {0, 1, 2, 3, 4, 5}, w[] = {1, -1, 0.5f}, v[] = {2, -2};
    struct model *m = calloc(1, sizeof *m);
    live_begin(state);
    *state = m;
    m->x = wg_from(x, WG_SHAPE(2, 3));
    m->w = wg_set_requires_grad(wg_from(w, WG_SHAPE(3)), true);
    m->v = wg_set_requires_grad(wg_from(v, WG_SHAPE(2, 1)), true);
    return wg_set_name(m->x, "x") == WG_OK && wg_set_name(m->w, "w") == WG_OK ? 0 : 1;
}

static int model_free(void **state)
{
    struct model *m = *state;
    wg_free(m->x);
    wg_free(m->w);
    wg_free(m->v);
    free(m);
    wg_error_take(NULL);
    return live_end(state);
}

/* sum(v tanh(x w)): 4 nodes, three in nested sections. */
static wg_tensor *forward(const struct model *m)
{
    assert_int_equal(wg_section_push("net"), WG_OK);
    assert_int_equal(wg_section_push("inner"), WG_OK);
    wg_tensor *h = wg_mul(m->x, m->w);
    h = wg_tanh(h);
    wg_section_pop();
    wg_tensor *y = wg_mul(h, m->v);
    wg_section_pop();
    return wg_sum(y);
}

/* The dump as text; the caller frees it. */
static char *dump(const wg_tape *tape, wg_dump_dot_options options)
{
    FILE *stream = tmpfile();
    assert_non_null(stream);
    assert_int_equal(wg_dump_dot_with(tape, stream, options), WG_OK);
    const size_t size = (size_t)ftell(stream);
    char *text = calloc(size + 1, 1);
    assert_non_null(text);
    rewind(stream);
    assert_int_equal(fread(text, 1, size, stream), size);
    fclose(stream);
    return text;
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (; (text = strstr(text, what)); text += strlen(what))
        n++;
    return n;
}

static void assert_has(const char *text, const char *what)
{
    if (!strstr(text, what))
        fail_msg("not in the dump: %s\n%s", what, text);
}

static size_t where(const char *text, const char *what)
{
    assert_has(text, what);
    const char *at = strstr(text, what);
    return at ? (size_t)(at - text) : 0;
}

static void assert_lacks(const char *text, const char *what)
{
    if (strstr(text, what))
        fail_msg("in the dump: %s\n%s", what, text);
}

/* Graphviz's own opinion, where it is installed. */
static void assert_accepted(const char *text)
{
    if (system("command -v dot >/dev/null 2>&1") != 0)
        return;
    FILE *dot = popen("! dot -Tsvg 2>&1 >/dev/null | grep -v ^Fontconfig", "w"); /* it may say nothing */
    assert_non_null(dot);
    fputs(text, dot);
    assert_int_equal(pclose(dot), 0);
}

static const wg_dump_dot_options everything = {.values = true, .backward = true, .updates = true, .depth = -1, .title = ""};

static void a_box_per_node_with_its_shape_and_counted_cost(void **state)
{
    const struct model *m = *state;
    WG_TAPE(tape);
    assert_non_null(forward(m));
    assert_int_equal(wg_tape_nodes(tape), 4);
    char *text = dump(tape, everything);
    assert_int_equal(count(text, " [color=\"#5b7db1\", fillcolor"), 4);
    assert_has(text, "<B>tanh</B><BR/>f32 [2, 3]");
    assert_has(text, "forward 6 operations · 48 B"); /* tanh of six floats, each read and written once */
    assert_has(text, "forward 6 operations · 60 B"); /* x w: 24 + 12 bytes read, 24 written */
    assert_has(text, "forward 5 operations · 28 B"); /* a sum of six takes five additions */
    assert_has(text, "4 nodes · forward 23 operations · 192 B");
    assert_lacks(text, "<BR/>backward");
    assert_lacks(text, "<B>backward</B>");
    free(text);
}

static void leaves_by_name_or_shape_and_edges_from_who_made_what(void **state)
{
    const struct model *m = *state;
    WG_TAPE(tape);
    assert_non_null(wg_add(forward(m), wg_scalar(WG_F32, 7)));
    char *text = dump(tape, everything);
    assert_has(text, "<B>x</B><BR/>f32 [2, 3]<BR/>0 … 5");
    assert_has(text, "<B>w</B><BR/>f32 [3]<BR/>-1 … 1");
    assert_has(text, "<I>parameter</I><BR/>f32 [2, 1]");
    assert_has(text, "<I>constant</I><BR/>f32<BR/>= 7");
    assert_int_equal(count(text, "shape=ellipse"), 4);
    assert_int_equal(count(text, "#e4f3e9"), 2); /* those that want a gradient */
    const char *const edges[] = {"l0 -> n0", "l1 -> n0", "n0 -> n1", "n1 -> n2", "l2 -> n2", "n2 -> n3", "n3 -> n4", "l3 -> n4"};
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
        assert_has(text, edges[i]);
    assert_int_equal(count(text, " -> ") - count(text, "style=invis"), sizeof edges / sizeof *edges);
    free(text);
}

static void sections_are_nested_clusters(void **state)
{
    const struct model *m = *state;
    WG_TAPE(tape);
    assert_non_null(forward(m));
    char *text = dump(tape, everything);
    assert_true(where(text, "<B>sum</B>") < where(text, "label=<<B>net</B>>")); /* outside both */
    assert_true(where(text, "label=<<B>net</B>>") < where(text, "label=<<B>inner</B>>"));
    assert_true(where(text, "label=<<B>inner</B>>") < where(text, "<B>tanh</B>"));
    assert_int_equal(count(text, "subgraph cluster_"), 2);
    free(text);
}

/* The first four nodes are forward. An edge between two others, which is where backward passes on what it computed, is drawn upwards. */
static void assert_edges_between_backward_nodes_go_up(const char *text)
{
    int up = 0;
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        unsigned from, to;
        if (sscanf(line, "  n%u -> n%u [", &from, &to) != 2 || strncmp(strchr(line, '['), "[style=dashed", 13) == 0)
            continue;
        const bool drawn_up = strncmp(strchr(line, '['), "[dir=back,", 10) == 0;
        assert_int_equal(drawn_up, from >= 4 && to >= 4);
        up += drawn_up;
    }
    assert_true(up > 0);
}

static void a_traced_backward_is_drawn_and_costed_by_its_cause(void **state)
{
    const struct model *m = *state;
    WG_TAPE(tape, .trace = true);
    assert_int_equal(wg_backward(forward(m)), WG_OK);
    char *text = dump(tape, everything);
    assert_has(text, "<B>tanh_grad</B>");
    assert_has(text, "backward 18 operations · 72 B"); /* gy (1 - y²): three operations for each of six */
    assert_has(text, "n1 -> n");
    assert_edges_between_backward_nodes_go_up(text);
    assert_true(count(text, "style=dashed, arrowhead") == wg_tape_nodes(tape) - 4);
    assert_int_equal(count(text, "label=\"gradient\""), 2);
    assert_accepted(text);
    free(text);
    text = dump(tape, (wg_dump_dot_options){.values = true, .backward = false, .updates = true, .depth = -1, .title = ""});
    assert_lacks(text, "tanh_grad");
    assert_lacks(text, "style=dashed, arrowhead");
    assert_has(text, "backward 18 operations"); /* its cost is known all the same */
    assert_accepted(text);
    free(text);
}

static void an_update_reads_the_gradient_that_backward_made(void **state)
{
    const struct model *m = *state;
    WG_TAPE(tape, .trace = true);
    assert_int_equal(wg_backward(forward(m)), WG_OK);
    assert_int_equal(wg_accumulate(m->w, wg_gradient(m->w)), WG_OK);
    const size_t last = wg_tape_nodes(tape) - 1;
    char *text = dump(tape, everything), node[32], *edge;
    snprintf(node, sizeof node, " -> n%zu [", last);
    assert_int_equal(count(text, node), 2);
    edge = strstr(text, "dir=both");
    assert_non_null(edge);
    assert_int_equal(count(text, "shape=ellipse"), 4); /* x, w, v and the 1 that backward began with: no ellipse for the gradient */
    assert_accepted(text);
    free(text);
}

static void values_only_where_they_are_still_there(void **state)
{
    const struct model *m = *state;
    WG_TAPE(tape);
    wg_tensor *y = forward(m);
    char *text = dump(tape, everything);
    assert_has(text, "<B>tanh</B><BR/>f32 [2, 3]<BR/>-0.999 … 0.995");
    free(text);
    text = dump(tape, (wg_dump_dot_options){.values = false, .backward = true, .updates = true, .depth = -1, .title = ""});
    assert_lacks(text, " … 0.995");
    free(text);
    assert_int_equal(wg_backward(y), WG_OK);
    text = dump(tape, everything);
    assert_has(text, "<B>tanh</B><BR/>f32 [2, 3]<BR/><FONT"); /* released: no range */
    assert_has(text, "<B>sum</B><BR/>f32<BR/>= ");            /* the root stays */
    free(text);
}

static void nan_is_flagged(void **state)
{
    (void)state;
    const double numbers[] = {1, -2, NAN, 3, NAN, INFINITY};
    WG_TAPE(tape);
    assert_non_null(wg_mul(wg_from(numbers, WG_SHAPE(2, 3)), wg_from(numbers, WG_SHAPE(2, 3))));
    char *text = dump(tape, everything);
    assert_has(text, "-2 … inf<BR/><FONT COLOR=\"#c0392b\"><B>2 NaN</B>");
    assert_accepted(text);
    free(text);
}

static void names_are_escaped(void **state)
{
    const struct model *m = *state;
    WG_TAPE(tape);
    assert_int_equal(wg_section_push("a<b>\"&\\N\n\x01\xff é\xe0\x80\x80\xed\xa0\x80]]>"), WG_OK);
    wg_tensor *y = wg_tanh(m->x);
    assert_int_equal(wg_set_name(y, "</B>\";}"), WG_OK);
    wg_section_pop();
    char *text = dump(
        tape,
        (wg_dump_dot_options){.values = true, .backward = true, .updates = true, .depth = -1, .title = "<FONT> & \"quotes\" \xc3"});
    assert_has(text, "a&#60;b&#62;&#34;&#38;&#92;N??? é??????]]&#62;");
    assert_has(text, "&#60;/B&#62;&#34;;}");
    assert_has(text, "&#60;FONT&#62; &#38; &#34;quotes&#34; ?");
    assert_accepted(text);
    free(text);
}

/* Options change what is drawn, not what was counted. */
static void updates_and_sections_are_hidden(void **state)
{
    const struct model *m = *state;
    WG_TAPE(tape, .trace = true);
    assert_int_equal(wg_backward(forward(m)), WG_OK);
    assert_int_equal(wg_accumulate(m->w, wg_gradient(m->w)), WG_OK);
    wg_dump_dot_options options = everything;
    char *text = dump(tape, options);
    assert_has(text, "<B>accumulate</B>");
    free(text);
    options.updates = false;
    text = dump(tape, options);
    assert_lacks(text, "<B>accumulate</B>");
    assert_lacks(text, "dir=both");
    assert_has(text, " · updates 3 operations"); /* its cost is known all the same */
    assert_accepted(text);
    free(text);
    options.depth = 0;
    text = dump(tape, options);
    assert_lacks(text, "subgraph");
    assert_lacks(text, "<B>tanh</B>");
    assert_int_equal(count(text, "label=<<B>net</B><BR/>"), 2); /* forward and backward */
    assert_has(text, "label=<<B>net</B><BR/>3 nodes<BR/>f32 [2, 3]");
    assert_has(text, "tooltip=\"net: net\\n3 nodes\\n");
    assert_has(text, "forward 23 operations");
    assert_lacks(text, "<B>w</B>"); /* the section's own */
    assert_has(text, "<B>x</B>");
    assert_accepted(text);
    free(text);
    options.depth = 1;
    text = dump(tape, options);
    assert_int_equal(count(text, "subgraph"), 1);
    assert_int_equal(count(text, "label=<<B>inner</B><BR/>2 nodes"), 1);
    assert_accepted(text);
    free(text);
}

static void the_same_computation_gives_the_same_text(void **state)
{
    const struct model *m = *state;
    char *text[2];
    for (int i = 0; i < 2; i++) {
        WG_TAPE(outer);
        wg_tensor *shift = wg_tanh(wg_ones(WG_F32, WG_SHAPE(200 * i + 1))); /* elsewhere in memory, later in the thread's count */
        assert_non_null(shift);
        WG_TAPE(tape, .trace = true);
        assert_int_equal(wg_backward(forward(m)), WG_OK);
        text[i] = dump(tape, everything);
        wg_clear_gradient(m->w);
        wg_clear_gradient(m->v);
    }
    assert_string_equal(text[0], text[1]);
    free(text[0]);
    free(text[1]);
}

static void an_operand_of_an_outer_tape_is_a_leaf(void **state)
{
    const struct model *m = *state;
    WG_TAPE(outer);
    wg_tensor *y = wg_tanh(m->x);
    WG_TAPE(tape);
    assert_non_null(wg_mul(y, y));
    char *text = dump(tape, everything);
    assert_int_equal(count(text, "shape=ellipse"), 1);
    assert_int_equal(count(text, "l0 -> n0"), 2);
    assert_has(text, "<I>tanh</I>");
    free(text);
    text = dump(outer, everything);
    assert_int_equal(count(text, "<B>tanh</B>"), 1);
    assert_lacks(text, "<B>mul</B>");
    free(text);
}

static void a_gradient_of_a_gradient(void **state)
{
    const struct model *m = *state;
    WG_TAPE(tape, .trace = true);
    wg_tensor *g = wg_grad(forward(m), m->w, .create_graph = true);
    assert_int_equal(wg_backward(wg_sum(wg_mul(g, g))), WG_OK);
    for (int backward = 0; backward < 2; backward++) {
        char *text = dump(tape, (wg_dump_dot_options){
                                    .values = true, .backward = backward, .updates = true, .depth = -1, .title = "second order"});
        assert_accepted(text);
        free(text);
    }
}

static void an_empty_tape_and_a_long_one(void **state)
{
    const struct model *m = *state;
    WG_TAPE(tape);
    char *text = dump(tape, everything);
    assert_has(text, "0 nodes");
    assert_accepted(text);
    free(text);
    wg_tensor *y = m->x;
    for (int i = 0; i < 20000; i++)
        y = wg_tanh(y);
    assert_non_null(y);
    text = dump(tape, everything);
    assert_has(text, "n19998 -> n19999");
    free(text);
}

static void misuse_is_an_error(void **state)
{
    const struct model *m = *state;
    assert_int_equal(wg_dump_dot(NULL, stdout), WG_E_NULL);
    assert_string_equal(wg_error_first()->op, "dump_dot");
    wg_tape *tape = wg_tape_open();
    assert_non_null(wg_tanh(m->x));
    assert_int_equal(wg_dump_dot(tape, NULL), WG_E_NULL);
    FILE *full = fopen("/dev/full", "w");
    if (full) {
        assert_int_equal(wg_dump_dot(tape, full), WG_E_IO);
        fclose(full);
    }
    for (int64_t k = 0; k < 8; k++) { /* every allocation of a dump */
        char text[4096];
        FILE *stream = fmemopen(text, sizeof text, "w");
        wg_error_take(NULL);
        wg_memory_fail(k, false);
        assert_int_equal(wg_dump_dot(tape, stream), WG_E_MEMORY);
        wg_memory_fail(-1, false);
        fclose(stream);
    }
    assert_int_equal(wg_tape_close(tape), WG_OK);
    wg_error_take(NULL);
    assert_int_equal(wg_dump_dot(tape, stdout), WG_E_DANGLING);
    assert_string_equal(wg_error_first()->op, "dump_dot");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, model_make, model_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_box_per_node_with_its_shape_and_counted_cost),
        TEST(leaves_by_name_or_shape_and_edges_from_who_made_what),
        TEST(sections_are_nested_clusters),
        TEST(a_traced_backward_is_drawn_and_costed_by_its_cause),
        TEST(an_update_reads_the_gradient_that_backward_made),
        TEST(values_only_where_they_are_still_there),
        TEST(nan_is_flagged),
        TEST(names_are_escaped),
        TEST(updates_and_sections_are_hidden),
        TEST(the_same_computation_gives_the_same_text),
        TEST(an_operand_of_an_outer_tape_is_a_leaf),
        TEST(a_gradient_of_a_gradient),
        TEST(an_empty_tape_and_a_long_one),
        TEST(misuse_is_an_error),
    };
    return cmocka_run_group_tests_name("dump", tests, NULL, NULL);
}
