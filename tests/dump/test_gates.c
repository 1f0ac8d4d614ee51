/* wg_graph_write_gates, and what it draws: gradients are conserved at additions and copies, swapped at products, routed at maxima. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "live.h"
#include "text.h"
#include "wengert.h"

enum { LEAVES = 6 };
static const char *const names[LEAVES] = {"a", "b", "c", "d", "e", "f"};

static int leaves_make(void **state)
{
    wg_tensor **leaf = calloc(LEAVES, sizeof *leaf);
    live_begin(state);
    *state = leaf;
    for (int i = 0; i < LEAVES; i++) {
        leaf[i] = wg_set_requires_grad(wg_full(WG_F64, WG_SCALAR, i % 2 ? .5 + i : -1.25 * i), true);
        if (wg_set_name(leaf[i], names[i]) != WG_OK)
            return 1;
    }
    return 0;
}

static int leaves_free(void **state)
{
    wg_tensor **leaf = *state;
    for (int i = 0; i < LEAVES; i++)
        wg_free(leaf[i]);
    free(leaf);
    wg_error_take(NULL);
    return live_end(state);
}

/* ---- conservation, from the data alone ---- */

static bool differ(double a, double b)
{
    return !(fabs(a - b) <= 1e-12 * (fabs(a) + fabs(b) + 1e-300));
}

static const wg_graph_elements *gradient_to(const wg_graph *graph, const size_t *readers, const wg_graph_node *node, size_t k)
{
    const wg_graph_elements *given = node->gradient ? node->gradient[k] : NULL;
    return given || readers[node->in[k]] > 1 ? given : graph->value[node->in[k]].gradient_elements;
}

/* Gates that lose or make gradient: the mean is linear, so at a copy the means of the operands' gradients add up to that of the value, and
   at an addition of one shape each is that of the result. *copies, *additions: how many were looked at. */
static size_t violations(const wg_graph *graph, size_t *copies, size_t *additions)
{
    size_t *readers = calloc(graph->n_values + 1, sizeof *readers), found = 0;
    double *sum = calloc(graph->n_values + 1, sizeof *sum);
    *copies = *additions = 0;
    for (size_t i = 0; i < graph->n_nodes; i++)
        for (size_t k = 0; k < graph->node[i].n_in && graph->node[i].part == WG_COST_FORWARD; k++)
            readers[graph->node[i].in[k]]++;
    for (size_t i = 0; i < graph->n_nodes; i++) {
        const wg_graph_node *node = &graph->node[i];
        for (size_t k = 0; k < node->n_in && node->part == WG_COST_FORWARD; k++) {
            const wg_graph_value *in = &graph->value[node->in[k]], *out = &graph->value[node->out[0]];
            const wg_graph_elements *gradient = gradient_to(graph, readers, node, k);
            if (!in->requires_gradient)
                continue;
            sum[node->in[k]] += gradient ? gradient->mean : NAN;
            if (node->gate == WG_GRAPH_ADD && memcmp(&in->shape, &out->shape, sizeof in->shape) == 0 && out->gradient_elements) {
                (*additions)++;
                found += !gradient || differ(gradient->mean, out->gradient_elements->mean) ||
                         differ(gradient->norm, out->gradient_elements->norm);
            }
        }
    }
    for (size_t i = 0; i < graph->n_values; i++)
        if (readers[i] > 1 && graph->value[i].requires_gradient && graph->value[i].gradient_elements) {
            (*copies)++;
            found += differ(sum[i], graph->value[i].gradient_elements->mean);
        }
    free(readers), free(sum);
    return found;
}

/* A random program of scalars, or of vectors that are summed at the end. */
static wg_tensor *random_program(wg_tensor *const *leaf, unsigned seed)
{
    wg_tensor *pool[LEAVES + 40];
    size_t n = LEAVES;
    memcpy(pool, leaf, sizeof(wg_tensor *) * LEAVES);
    for (int i = 0; i < 40; i++) {
        unsigned r[3];
        for (int k = 0; k < 3; k++)
            r[k] = (seed = seed * 1103515245u + 12345u) >> 8;
        wg_tensor *a = pool[r[0] % n], *b = pool[n - 1 - r[1] % (n < 6 ? n : 6)];
        switch (r[2] % 6) {
        case 0:
        case 1:
            pool[n++] = wg_add(a, b);
            break;
        case 2:
            pool[n++] = wg_tanh(wg_mul(a, b));
            break;
        case 3:
            pool[n++] = wg_maximum(a, b);
            break;
        case 4:
            pool[n++] = wg_relu(a);
            break;
        default:
            pool[n++] = wg_sin(a);
        }
    }
    wg_tensor *sum = pool[LEAVES];
    for (size_t i = LEAVES + 1; i < n; i++)
        sum = wg_add(sum, pool[i]);
    return wg_sum(sum);
}

static void gradients_are_conserved_at_copies_and_additions(void **state)
{
    wg_tensor *const *leaf = *state, *vector[LEAVES];
    size_t copies, additions, all = 0;
    for (int i = 0; i < LEAVES; i++)
        vector[i] = wg_set_requires_grad(wg_full(WG_F64, WG_SHAPE(3), i - 2.5), true);
    for (unsigned seed = 0; seed < 40; seed++) {
        WG_TAPE(tape, .trace = true);
        assert_int_equal(wg_backward(random_program(seed % 2 ? vector : leaf, seed)), WG_OK);
        wg_graph *graph = wg_graph_of(tape);
        assert_int_equal(violations(graph, &copies, &additions), 0);
        all += copies + additions;
        assert_true(copies > 0 && additions > 0);
        wg_graph_destroy(graph);
        for (int i = 0; i < LEAVES; i++)
            wg_clear_gradient(leaf[i]), wg_clear_gradient(vector[i]);
    }
    assert_true(all > 500);
    for (int i = 0; i < LEAVES; i++)
        wg_free(vector[i]);
}

/* The control: a gradient that is off by a hundredth is found. */
static void what_is_not_conserved_is_found(void **state)
{
    wg_tensor *const *leaf = *state;
    size_t copies, additions, planted = 0;
    WG_TAPE(tape, .trace = true);
    assert_int_equal(wg_backward(random_program(leaf, 1)), WG_OK);
    wg_graph *graph = wg_graph_of(tape);
    assert_int_equal(violations(graph, &copies, &additions), 0);
    for (size_t i = 0; i < graph->n_nodes; i++)
        for (size_t k = 0; k < graph->node[i].n_in && graph->node[i].gradient; k++) {
            wg_graph_elements *e = (wg_graph_elements *)(uintptr_t)graph->node[i].gradient[k];
            if (!e || e->mean == 0)
                continue;
            e->mean *= 1.01;
            const bool known = violations(graph, &copies, &additions) > 0;
            planted++;
            if (!known && graph->node[i].gate == WG_GRAPH_ADD)
                fail_msg("operand %zu of node %zu, %s", k, i, graph->node[i].op);
            e->mean /= 1.01;
        }
    assert_true(planted > 20);
    wg_graph_destroy(graph);
}

static char *gates_of(const wg_graph *graph, const char *title)
{
    struct text text;
    return text_end(&text, wg_graph_write_gates(graph, text_begin(&text), .title = title));
}

static void assert_has(const char *text, const char *what)
{
    if (!strstr(text, what))
        fail_msg("not in the picture: %s\n%s", what, text);
}

static void assert_has_not(const char *text, const char *what)
{
    if (strstr(text, what))
        fail_msg("in the picture: %s\n%s", what, text);
}

static void each_gate_shows_what_it_does(void **state)
{
    wg_tensor *const *leaf = *state; /* 0, 1.5, -2.5, 3.5, -5, 5.5 */
    WG_TAPE(tape, .trace = true);
    wg_tensor *dead = wg_relu(wg_mul(leaf[1], leaf[2])), *chosen = wg_maximum(leaf[3], leaf[5]);
    wg_tensor *loss = wg_add(dead, wg_mul(chosen, chosen));
    assert_int_equal(wg_backward(loss), WG_OK);
    wg_graph *graph = wg_graph_of(tape);
    assert_int_equal(graph->node[0].gate, WG_GRAPH_MULTIPLY);
    assert_int_equal(graph->node[1].gate, WG_GRAPH_ROUTE);
    assert_int_equal(graph->node[2].gate, WG_GRAPH_ROUTE);
    assert_int_equal(graph->node[4].gate, WG_GRAPH_ADD);
    assert_true(graph->node[2].gradient[0]->mean == 0 && graph->node[2].gradient[1]->mean == 11); /* 2 · 5.5, to the larger */
    assert_true(graph->node[3].gradient[0]->mean == 5.5 && graph->node[3].gradient[1]->mean == 5.5);
    char *text = gates_of(graph, "</TABLE>\"\\N&");
    assert_has(text, "&#60;/TABLE&#62;&#34;&#92;N&#38;");
    assert_has(text, "distributor");
    assert_has(text, "swap multiplier");
    assert_has(text, "adder");
    assert_has(text, ">dead</FONT>");
    assert_has(text, "<B>no gradient reaches</B>&#160;b (stopped by relu), c (stopped by relu), d (stopped by maximum)");
    free(text);
    wg_graph_destroy(graph);
}

/* The loss has the largest gradient, 1: its wire is the widest, and no other is wider than that. */
static void the_widest_wire_is_that_of_the_largest_gradient(void **state)
{
    wg_tensor *const *leaf = *state;
    WG_TAPE(tape, .trace = true);
    wg_tensor *small = wg_mul(wg_full(WG_F64, WG_SCALAR, 1e-3), leaf[1]);
    assert_int_equal(wg_backward(wg_mul(small, wg_full(WG_F64, WG_SCALAR, 1e-3))), WG_OK);
    wg_graph *graph = wg_graph_of(tape);
    char *text = gates_of(graph, "");
    double widest = 0;
    for (const char *at = text; (at = strstr(at, "penwidth=")); at++)
        widest = fmax(widest, strtod(at + strlen("penwidth="), NULL));
    assert_true(widest == 5);
    free(text);
    wg_graph_destroy(graph);
}

/* The caption explains the gates that are there, and no others. A gate of a section says which. */
static void the_caption_is_of_what_is_drawn(void **state)
{
    wg_tensor *const *leaf = *state;
    WG_TAPE(tape, .trace = true);
    assert_int_equal(wg_section_push("net"), WG_OK);
    wg_tensor *product = wg_mul(leaf[1], leaf[2]);
    wg_section_pop();
    wg_graph *graph = wg_graph_of(tape);
    char *text = gates_of(graph, "");
    assert_has(text, "× gives each operand");
    assert_has(text, "swap multiplier</FONT><BR/><FONT POINT-SIZE=\"9\">net</FONT>>];");
    assert_has_not(text, "+ gives");
    assert_has_not(text, "a router gives");
    assert_has_not(text, "copy adds");
    assert_has_not(text, "‖…‖");
    free(text);
    wg_graph_destroy(graph);
    assert_non_null(wg_maximum(wg_add(product, product), wg_full(WG_F64, WG_SHAPE(2), 1)));
    graph = wg_graph_of(tape);
    text = gates_of(graph, "");
    assert_has(text, "<BR/>+ gives its gradient to every operand · × gives");
    assert_has(text, "a router gives its gradient to the operand that was chosen · copy adds");
    assert_has(text, "<BR/>‖…‖: the norm");
    assert_has(text, "distributor</FONT>>];");
    free(text);
    wg_graph_destroy(graph);
}

static void an_untraced_tape_has_values_only(void **state)
{
    wg_tensor *const *leaf = *state;
    WG_TAPE(tape);
    assert_non_null(wg_mul(leaf[1], leaf[2]));
    wg_graph *graph = wg_graph_of(tape);
    char *text = gates_of(graph, "");
    assert_has(text, ">1.5</FONT><BR/>?");
    free(text);
    wg_graph_destroy(graph);
    assert_int_equal(wg_graph_write_gates(NULL, stdout), WG_E_NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, leaves_make, leaves_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(gradients_are_conserved_at_copies_and_additions),
        TEST(what_is_not_conserved_is_found),
        TEST(each_gate_shows_what_it_does),
        TEST(the_widest_wire_is_that_of_the_largest_gradient),
        TEST(the_caption_is_of_what_is_drawn),
        TEST(an_untraced_tape_has_values_only),
    };
    return cmocka_run_group_tests_name("gates", tests, NULL, NULL);
}
