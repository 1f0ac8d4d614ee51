/* Verdicts, tables and pictures of studies. */
#include "study.h"

#include <errno.h>
#include <math.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

enum { MAX_PATH = 1024 };

bool study_claim(struct study_run *run, bool good, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fputs(good ? "PASS " : "FAIL ", stdout);
    vprintf(format, values);
    putchar('\n');
    va_end(values);
    *(good ? &run->passed : &run->failed) += 1;
    return good;
}

bool study_near(struct study_run *run, const char *what, double got, double want, double tolerance)
{
    return study_claim(run, fabs(got - want) <= tolerance, "%s: %.6g, expected %.6g within %.2g", what, got, want, tolerance);
}

/* ---- files ---- */

static FILE *open_file(const struct study_run *run, const char *ending, char path[MAX_PATH])
{
    const int length = snprintf(path, MAX_PATH, "%s/%s.%s", run->folder, run->name, ending);
    FILE *file = length < MAX_PATH ? fopen(path, "w") : NULL;
    if (!file)
        fprintf(stderr, "wengert study %s: expected to write %s: %s\n", run->name, path,
                length < MAX_PATH ? strerror(errno) : "the path is too long");
    return file;
}

bool study_row(struct study_run *run, const char *format, ...)
{
    char path[MAX_PATH];
    va_list values;
    if (!run->csv && !(run->csv = open_file(run, "csv", path)))
        return false;
    va_start(values, format);
    vfprintf(run->csv, format, values);
    va_end(values);
    return fputc('\n', run->csv) != EOF;
}

/* ---- pictures ---- */

/* Paul Tol's bright palette: people who are colour-blind can tell its colours apart. */
static const char preamble[] = "set terminal svg size 900,420 font 'sans-serif,13' background '#ffffff' dashlength 0.6\n"
                               "set datafile separator ','\n"
                               "set linetype 1 lc rgb '#4477aa' lw 2 pt 7 ps 0.45\n"
                               "set linetype 2 lc rgb '#ee6677' lw 2 pt 7 ps 0.45\n"
                               "set linetype 3 lc rgb '#228833' lw 2 pt 7 ps 0.45\n"
                               "set linetype 4 lc rgb '#aa3377' lw 2 pt 7 ps 0.45\n"
                               "set linetype 5 lc rgb '#bb8800' lw 2 pt 7 ps 0.45\n"
                               "set linetype 6 lc rgb '#555555' lw 2 pt 7 ps 0.45\n"
                               "set border 3 lc rgb '#666666'\n"
                               "set tics nomirror textcolor rgb '#444444'\n"
                               "set grid lc rgb '#dddddd' lw 0.7 dt solid\n"
                               "set key textcolor rgb '#222222'\n";

/* Runs gnuplot on a script. 127: it is not installed. */
static int run_gnuplot(char *script)
{
    char *arguments[] = {(char[]){"gnuplot"}, script, NULL};
    pid_t child;
    int status = 0;
    const int error = posix_spawnp(&child, "gnuplot", NULL, NULL, arguments, environ);
    if (error != 0)
        return error == ENOENT ? 127 : 1;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

bool study_draw(struct study_run *run, const char *commands)
{
    char script[MAX_PATH];
    FILE *file = open_file(run, "gp", script);
    if (!file)
        return false;
    fprintf(file, "%sset output '%s/%s.svg'\ncsv = '%s/%s.csv'\n%s", preamble, run->folder, run->name, run->folder, run->name,
            commands);
    if (fclose(file) != 0 || (run->csv && fflush(run->csv) != 0))
        return study_claim(run, false, "%s is written", script);
    const int status = run_gnuplot(script);
    if (status == 127)
        printf("no picture: gnuplot is not installed (apt-get install gnuplot-nox; then gnuplot %s)\n", script);
    else
        study_claim(run, status == 0, "gnuplot draws %s/%s.svg", run->folder, run->name);
    return true;
}

/* ---- numbers ---- */

double study_exponent(const double *x, const double *y, int n)
{
    double mean_x = 0, mean_y = 0, xx = 0, xy = 0;
    for (int i = 0; i < n; i++) {
        mean_x += log(x[i]) / n;
        mean_y += log(y[i]) / n;
    }
    for (int i = 0; i < n; i++) {
        xx += (log(x[i]) - mean_x) * (log(x[i]) - mean_x);
        xy += (log(x[i]) - mean_x) * (log(y[i]) - mean_y);
    }
    return xy / xx;
}
