/* wengert curves: a log of training as a picture, or the means of several. A panel has the columns of one name, that of training and that of
   validation. */
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "curve_logs.h"
#include "graph_file.h"

enum { MAX_PATH = 1024, PER_ROW = 2, WIDE = 480, HIGH = 300 };
static const char prefix[] = "validation_";

struct curves_options {
    bool log;
};

static const wg_option options[] = {{.name = "log",
                                     .type = WG_OPTION_BOOL,
                                     .offset = offsetof(struct curves_options, log),
                                     .range = WG_BETWEEN(0, 1),
                                     .help = "logarithmic scales for losses"}};

static const struct usage usage = {
    .command = "wengert curves",
    .summary = "a log of training as learning curves, or the means of several",
    .operands = "LOG.csv...",
    .min_operands = 1,
    .max_operands = MAX_OPERANDS,
    .out = "FILE",
    .out_help = "a name that ends with .svg or .gp (default of a single log: its name with .svg)",
    .title = true,
    .table = {options, 1, sizeof(struct curves_options)},
    .details =
        "LOG.csv is a file of wg_train or wg_train_log_csv: a line of names, the first of them \"epoch\", and a line for each epoch.\n"
        "Several logs, such as those of several seeds, have the same columns. Drawn are the mean of each column and a band of one standard\n"
        "deviation about it, at the epochs that all logs have; where a number is not finite in one of them there is no point.\n"
        "gnuplot draws .svg; .gp is its script, which has the means of several logs in it.",
};

/* What is drawn: the columns of the first log, whose values are those of the one log or the bands of several. */
struct table {
    struct log log[MAX_OPERANDS];
    int n_logs;
    struct common common; /* of several logs */
    const char *const *name;
    double low[MAX_COLUMNS], high[MAX_COLUMNS]; /* of the finite numbers; low > high: there are none */
    int n;
};

/* ---- reading ---- */

static void widen(struct table *table, int column, double low, double high)
{
    if (isfinite(low) && isfinite(high)) {
        table->low[column] = fmin(table->low[column], low);
        table->high[column] = fmax(table->high[column], high);
    }
}

/* The range of each column's numbers. */
static void find_ranges(struct table *table)
{
    const bool several = table->n_logs > 1;
    const struct log *log = &table->log[0];
    const size_t n = (size_t)table->n, rows = several ? table->common.rows : log->rows;
    for (int i = 0; i < table->n; i++)
        table->low[i] = INFINITY, table->high[i] = -INFINITY;
    for (size_t k = 0; k < rows * n; k++) {
        const double low = several ? table->common.band[k].low : log->value[k];
        widen(table, (int)(k % n), low, several ? table->common.band[k].high : low);
    }
}

/* Says so if epochs of a log are not drawn. */
static void tell_of_gaps(const struct table *table)
{
    const struct log *longest = &table->log[0];
    for (int i = 1; i < table->n_logs; i++)
        longest = table->log[i].rows > longest->rows ? &table->log[i] : longest;
    if (longest->rows > table->common.rows)
        fprintf(stderr, "%s: drawn are those of the %zu epochs of %s that all %d logs have: %zu\n", usage.command, longest->rows,
                longest->path, table->n_logs, table->common.rows);
}

static int check_different(const struct arguments *arguments)
{
    for (int i = 0; i < arguments->n_operands; i++)
        for (int k = 0; k < i; k++)
            if (is_graph_file(arguments->operand[k], arguments->operand[i]))
                return misused(usage.command, "expected different logs, got %s and %s, which are one file", arguments->operand[k],
                               arguments->operand[i]);
    return TOOL_OK;
}

/* An exit status. */
static int read_table(struct table *table, const struct arguments *arguments)
{
    int status = check_different(arguments);
    while (status == TOOL_OK && table->n_logs < arguments->n_operands) {
        status = log_read(&table->log[table->n_logs], arguments->operand[table->n_logs], usage.command);
        table->n_logs++;
    }
    if (status == TOOL_OK && table->n_logs > 1)
        status = logs_join(table->log, table->n_logs, &table->common, usage.command);
    if (status != TOOL_OK)
        return status;
    table->name = table->log[0].name;
    table->n = table->log[0].columns;
    find_ranges(table);
    if (table->n_logs > 1)
        tell_of_gaps(table);
    return TOOL_OK;
}

/* ---- panels ---- */

static const char *base_of(const char *name)
{
    return strncmp(name, prefix, sizeof prefix - 1) == 0 ? name + sizeof prefix - 1 : name;
}

/* Whether a column is drawn in the panel of a name. */
static bool is_drawn(const struct table *table, int column, const char *name)
{
    return table->low[column] <= table->high[column] && strcmp(base_of(table->name[column]), name) == 0;
}

/* Whether a column begins a panel: the first one of its name that is drawn. */
static bool begins_panel(const struct table *table, int column)
{
    const char *name = base_of(table->name[column]);
    if (column == 0 || strcmp(name, "step") == 0 || !is_drawn(table, column, name))
        return false;
    for (int i = 1; i < column; i++)
        if (is_drawn(table, i, name))
            return false;
    return true;
}

/* A range for numbers that are all equal, of which gnuplot makes none without a warning. */
static void write_range(FILE *script, char axis, double low, double high)
{
    const double margin = low == 0 ? 1 : 0.1 * fabs(low);
    if (low == high)
        fprintf(script, "set %crange [%.17g:%.17g]\n", axis, low - margin, high + margin);
    else
        fprintf(script, "set %crange [*:*]\n", axis);
}

/* As a string of gnuplot's, in which a quote is doubled. */
static void write_quoted(FILE *script, const char *text)
{
    fputc('\'', script);
    for (; *text; text++)
        fprintf(script, *text == '\'' ? "''" : "%c", *text);
    fputc('\'', script);
}

static bool is_loss(const char *name)
{
    return strcmp(name, "loss") == 0 || ends_with(name, "loss");
}

/* The columns of a band in the script's data, of which the first is the epoch: the mean is the first of its three. */
static int place_of(int column)
{
    return 3 * column - 1;
}

/* The means' curve comes last, above the bands. */
static void write_curve(FILE *script, const struct table *table, int column, int colour, const char *title)
{
    const int place = place_of(column);
    if (table->n_logs == 1)
        fprintf(script, "csv using 1:%d with linespoints lt %d title '%s'", column + 1, colour, title);
    else
        fprintf(script,
                "$csv using 1:%d:%d with filledcurves lt %d fill transparent solid 0.2 noborder notitle, "
                "$csv using 1:%d with linespoints lt %d title '%s%smean of %d logs'",
                place + 1, place + 2, colour, place, colour, title, title[0] ? ", " : "", table->n_logs);
}

static void write_panel(FILE *script, const struct table *table, int first, bool log)
{
    int curves = 0, n = 0;
    const char *name = base_of(table->name[first]);
    double low = INFINITY, high = -INFINITY;
    for (int i = first; i < table->n; i++) {
        n += is_drawn(table, i, name);
        low = is_drawn(table, i, name) ? fmin(low, table->low[i]) : low;
        high = is_drawn(table, i, name) ? fmax(high, table->high[i]) : high;
    }
    write_range(script, 'y', low, high);
    fprintf(script, "set title ");
    write_quoted(script, name);
    fprintf(script, log && is_loss(name) ? "\nset logscale y\n" : "\nunset logscale y\n");
    for (int i = first; i < table->n; i++) {
        if (!is_drawn(table, i, name))
            continue;
        fprintf(script, curves++ ? ", " : "plot ");
        write_curve(script, table, i, curves, n == 1 ? "" : table->name[i] == base_of(table->name[i]) ? "training" : "validation");
    }
    fprintf(script, "\n");
}

/* ---- the script ---- */

/* The bands of several logs. A logarithmic scale has no place for an edge at 0 or below, where the least value of the logs takes its place. */
static void write_bands(FILE *script, const struct table *table, bool log)
{
    fprintf(script, "$csv << EOD\nepoch");
    for (int i = 1; i < table->n; i++)
        fprintf(script, ",%s,%s: low,%s: high", table->name[i], table->name[i], table->name[i]);
    for (size_t row = 0; row < table->common.rows; row++) {
        const struct band *band = table->common.band + row * (size_t)table->n;
        fprintf(script, "\n%.17g", band[0].mean);
        for (int i = 1; i < table->n; i++)
            fprintf(script, ",%.17g,%.17g,%.17g", band[i].mean,
                    log && is_loss(base_of(table->name[i])) && band[i].low <= 0 ? band[i].least : band[i].low, band[i].high);
    }
    fprintf(script, "\nEOD\n");
}

/* Colours of Paul Tol's bright palette, as in the studies. */
static void write_script(FILE *script, const struct table *table, const char *out, const char *title, bool log)
{
    int panels = 0;
    for (int i = 0; i < table->n; i++)
        panels += begins_panel(table, i);
    panels = panels > 0 ? panels : 1;
    const int columns = panels < PER_ROW ? panels : PER_ROW, rows = (panels + PER_ROW - 1) / PER_ROW;
    fprintf(script, "set terminal svg size %d,%d noenhanced font 'sans-serif,13' background '#ffffff'\nset output ", WIDE * PER_ROW,
            HIGH * rows + 30);
    write_quoted(script, out);
    fprintf(script, "\n");
    if (table->n_logs > 1) {
        write_bands(script, table, log);
    } else {
        fprintf(script, "csv = ");
        write_quoted(script, table->log[0].path);
        fprintf(script, "\n");
    }
    fprintf(script,
            "set datafile separator ','\nset datafile missing 'nan'\nset key autotitle columnhead below\n"
            "set linetype 1 lc rgb '#4477aa' lw 2 pt 7 ps 0.3\nset linetype 2 lc rgb '#ee6677' lw 2 pt 7 ps 0.3\n"
            "set border 3 lc rgb '#666666'\nset tics nomirror textcolor rgb '#444444'\nset grid lc rgb '#dddddd' lw 0.7\n"
            "set xlabel 'epoch' textcolor rgb '#444444'\nset multiplot layout %d,%d title ",
            rows, columns);
    write_quoted(script, title);
    fputc('\n', script);
    write_range(script, 'x', table->low[0], table->high[0]);
    for (int rate = 0; rate < 2; rate++) /* the rate is the last one */
        for (int i = 0; i < table->n; i++)
            if (begins_panel(table, i) && (strcmp(table->name[i], "lr") == 0) == rate)
                write_panel(script, table, i, log);
    fprintf(script, "unset multiplot\n");
}

/* The log's name with .svg instead of .csv, in path. */
static bool default_out(char path[MAX_PATH], const char *log)
{
    const int length = (int)strlen(log) - (ends_with(log, ".csv") ? 4 : 0);
    return snprintf(path, MAX_PATH, "%.*s.svg", length, log) < MAX_PATH;
}

static int draw(const struct table *table, const char *out, const char *title, bool log)
{
    const bool svg = ends_with(out, ".svg");
    char picture[MAX_PATH];
    if (!svg && !ends_with(out, ".gp"))
        return misused(usage.command, "expected a name that ends with .svg or .gp behind --out, got %s", out);
    for (int i = 0; i < table->n_logs; i++)
        if (is_graph_file(table->log[i].path, out))
            return misused(usage.command, "expected another file than the log behind --out, got %s", out);
    if (snprintf(picture, sizeof picture, "%.*s.svg", (int)strlen(out) - (svg ? 4 : 3), out) >= MAX_PATH)
        return misused(usage.command, "expected a path of at most %d bytes behind --out", MAX_PATH);
    FILE *script = svg ? tmpfile() : fopen(out, "w");
    if (!script)
        return misused(usage.command, "expected a file that can be written behind --out, got %s: %s", out, strerror(errno));
    write_script(script, table, picture, title, log);
    int status = svg ? picture_draw(usage.command, (const char *const[]){"gnuplot", "-", NULL}, "gnuplot-nox", script, out)
                     : TOOL_OK;
    const bool failed = ferror(script) != 0;
    if ((fclose(script) != 0 || failed) && status == TOOL_OK)
        status = misused(usage.command, "expected to write %s: %s", out, strerror(errno));
    if (status == TOOL_OK)
        puts(out);
    return status;
}

/* The title on top, in text unless it is the one given or the log's name. */
static const char *title_of(const struct table *table, const char *given, char text[MAX_PATH])
{
    if (table->n_logs == 1)
        return given ? given : table->log[0].path;
    snprintf(text, MAX_PATH, "%s%smean and standard deviation of %d logs", given ? given : "", given ? ": " : "", table->n_logs);
    return text;
}

static int read_and_draw(struct table *table, const struct arguments *arguments, bool log)
{
    char path[MAX_PATH], title[MAX_PATH];
    const char *out = arguments->out ? arguments->out : path;
    if (!arguments->out && arguments->n_operands > 1)
        return misused(usage.command, "expected --out FILE for the picture of %d logs", arguments->n_operands);
    const int status = read_table(table, arguments);
    if (status != TOOL_OK)
        return status;
    if (!arguments->out && !default_out(path, table->log[0].path))
        return misused(usage.command, "expected a path of at most %d bytes", MAX_PATH);
    return draw(table, out, title_of(table, arguments->title, title), log);
}

int command_curves(int argc, char **argv)
{
    struct curves_options o;
    struct arguments arguments = {.options = &o};
    static struct table table;
    int status;
    if (!arguments_read(&usage, argc, argv, &arguments, &status))
        return status;
    status = read_and_draw(&table, &arguments, o.log);
    for (int i = 0; i < table.n_logs; i++)
        log_finish(&table.log[i]);
    free(table.common.band);
    return status;
}
