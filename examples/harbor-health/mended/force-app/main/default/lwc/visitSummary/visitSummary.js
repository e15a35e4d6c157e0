import { LightningElement, api, wire } from 'lwc';
import { getRecord, getFieldValue } from 'lightning/uiRecordApi';
import SUMMARY from '@salesforce/schema/ClinicalEncounter.Visit_Summary__c';

export default class VisitSummary extends LightningElement {
    @api recordId;
    record;

    @wire(getRecord, { recordId: '$recordId', fields: [SUMMARY] })
    takeRecord({ data }) {
        this.record = data;
    }

    get summary() {
        return this.record ? getFieldValue(this.record, SUMMARY) : '';
    }
}
