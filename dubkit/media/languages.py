"""Language codes as containers want them: three letters of ISO 639-2."""

from __future__ import annotations

__all__ = ["container_language"]

_TERMINOLOGICAL = """
aa:aar ab:abk ae:ave af:afr ak:aka am:amh an:arg ar:ara as:asm av:ava ay:aym az:aze ba:bak be:bel bg:bul bh:bih
bi:bis bm:bam bn:ben bo:bod br:bre bs:bos ca:cat ce:che ch:cha co:cos cr:cre cs:ces cu:chu cv:chv cy:cym da:dan
de:deu dv:div dz:dzo ee:ewe el:ell en:eng eo:epo es:spa et:est eu:eus fa:fas ff:ful fi:fin fj:fij fo:fao fr:fra
fy:fry ga:gle gd:gla gl:glg gn:grn gu:guj gv:glv ha:hau he:heb hi:hin ho:hmo hr:hrv ht:hat hu:hun hy:hye hz:her
ia:ina id:ind ie:ile ig:ibo ii:iii ik:ipk io:ido is:isl it:ita iu:iku iw:heb ja:jpn jv:jav ka:kat kg:kon ki:kik
kj:kua kk:kaz kl:kal km:khm kn:kan ko:kor kr:kau ks:kas ku:kur kv:kom kw:cor ky:kir la:lat lb:ltz lg:lug li:lim
ln:lin lo:lao lt:lit lu:lub lv:lav mg:mlg mh:mah mi:mri mk:mkd ml:mal mn:mon mr:mar ms:msa mt:mlt my:mya na:nau
nb:nob nd:nde ne:nep ng:ndo nl:nld nn:nno no:nor nr:nbl nv:nav ny:nya oc:oci oj:oji om:orm or:ori os:oss pa:pan
pi:pli pl:pol ps:pus pt:por qu:que rm:roh rn:run ro:ron ru:rus rw:kin sa:san sc:srd sd:snd se:sme sg:sag si:sin
sk:slk sl:slv sm:smo sn:sna so:som sq:sqi sr:srp ss:ssw st:sot su:sun sv:swe sw:swa ta:tam te:tel tg:tgk th:tha
ti:tir tk:tuk tl:tgl tn:tsn to:ton tr:tur ts:tso tt:tat tw:twi ty:tah ug:uig uk:ukr ur:urd uz:uzb ve:ven vi:vie
vo:vol wa:wln wo:wol xh:xho yi:yid yo:yor za:zha zh:zho zu:zul
"""
_OLDER = """
bod:tib ces:cze cym:wel deu:ger ell:gre eus:baq fas:per fra:fre hye:arm isl:ice kat:geo mkd:mac mri:mao msa:may
mya:bur nld:dut ron:rum slk:slo sqi:alb zho:chi
"""


def _pairs(table: str) -> dict[str, str]:
    return dict(pair.split(":") for pair in table.split())


_THREE_LETTERS = _pairs(_TERMINOLOGICAL)
"""ISO 639-1 to ISO 639-2, terminological codes."""
_BIBLIOGRAPHIC = _pairs(_OLDER)
"""The older code of those languages that have two; Matroska asks for it."""
_QUICKTIME = {"deu": "ger", "ell": "gre", "nld": "dut", "swe": "sve", "zho": "chi"}
"""The spelling by which FFmpeg finds QuickTime's own number of a language."""


def container_language(language: str, muxer: str) -> str:
    """``language`` as the tag that FFmpeg's ``muxer`` wants.

    Args:
        language: BCP 47 or ISO 639 code, such as ``es``, ``es-MX`` or ``spa``; its region is left out.
        muxer: FFmpeg's name of the container.
    """
    primary = language.replace("_", "-").split("-")[0].lower()
    code = _THREE_LETTERS.get(primary, primary)
    if muxer == "mov":
        return _QUICKTIME.get(code, code)
    return _BIBLIOGRAPHIC.get(code, code) if muxer in {"matroska", "webm"} else code
